import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Batch, Broker, Membership, PartitionDescription, Reader } from '../broker/broker.ts'
import type { Decoder } from '../codecs/codec.ts'
import { jsonCodec } from '../codecs/json/json-codec.ts'
import { WindsockError } from '../foundation/errors.ts'
import type { Pacer } from '../sources/pacer.ts'
import { stateTopic } from '../topics/state.ts'
import { PartitionWork } from './partition-work.ts'
import { ResultWriter } from './result-writer.ts'

export interface AnalysisOptions {
  readonly broker: Broker
  readonly analysis: ChosenAnalysis
  /** Who this is in the group over restarts: a process that comes back under the same id has its partitions back at once. */
  readonly memberId?: string
  /** Work up to what was the end of the topic at the start, then return. */
  readonly untilEnd: boolean
  /** To pause and resume it: its place in the group is kept meanwhile, and what was done is committed. */
  readonly pacer?: Pacer
  readonly signal: AbortSignal
  readonly onProgress?: (progress: AnalysisProgress) => void
  readonly onTrouble?: (reason: string | undefined) => void
  /** Told what a person should know, such as a stored state that was refused. */
  readonly onNotice?: (notice: string) => void
}

export interface AnalysisProgress {
  /** Records folded since the start, refused ones included. */
  readonly records: number
  readonly refused: number
  /** Records that are in the topic and not folded yet, as far as the last batches told. */
  readonly lagRecords: number
  /** When the newest record folded was sent, milliseconds since the epoch. */
  readonly newestSentAt: number | null
  /** The partitions this process works on now. */
  readonly partitions: readonly number[]
}

/** How long results may stay uncommitted. */
const commitMs = 100
/** How often the group is told how far it is; others see the lag from it, nothing of ours depends on it. */
const tellMs = 250
/** How long a member that was fenced waits for its group to say why. */
const fencedMs = 1_000
/** How long whoever is told to stop waits for a broker that does not answer. */
const stopMsMax = 2_000
const retryMs = 250

/**
 * Works on the partitions of a topic that its group gives it: folds their records, and publishes the results. Effectively
 * once: results, states and the position they stand for are committed together, partition by partition (see
 * `PartitionWork`). Dying at any moment repeats what was not committed, and ends with the same results. Several processes
 * of one analysis share the partitions.
 */
export async function runAnalysis(options: AnalysisOptions): Promise<AnalysisProgress> {
  const { broker, analysis } = options
  const { id, partitions } = await broker.admin.describeTopic(analysis.input.name)
  await broker.admin.ensureTopics([stateTopic(analysis.group, partitions.length)])
  const decoder = jsonCodec.openDecoder({ schema: analysis.input.schema, reads: analysis.reads })
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const reader = broker.openReader({
    topic: analysis.input.name,
    start: new Map(),
    partitions: 'assigned',
    isolation: 'committed', // what is taken back must not be counted
    memory: decoder.memory,
    signal,
    ...(options.onTrouble === undefined ? {} : { onTrouble: options.onTrouble }),
  })
  const ends = options.untilEnd ? partitions : undefined
  const work = new GroupWork(
    { ...options, signal },
    {
      id,
      reader,
      decoder,
      ends,
      end: () => ended.abort(),
      stop: options.signal,
    },
  )
  try {
    await work.run()
    return work.progress()
  } finally {
    await reader.close()
    decoder.close()
  }
}

/** A partition that became ours; the same one gained again is another. */
interface Gain {
  readonly generation: number
}

interface GroupParts {
  /** The input topic's id. */
  readonly id: string
  readonly reader: Reader
  readonly decoder: Decoder
  /** The partitions as they were at the start, of work that ends there. */
  readonly ends: readonly PartitionDescription[] | undefined
  /** Aborts the signal. */
  readonly end: () => void
  /** Aborted by the user. */
  readonly stop: AbortSignal
}

/** The partitions that this process has, as they come and go. */
class GroupWork {
  private readonly options: AnalysisOptions
  private readonly parts: GroupParts
  private readonly works = new Map<number, PartitionWork>()
  /** By partition that is ours, those being opened included, how it was gained. */
  private readonly gains = new Map<number, Gain>()
  private readonly committing = new Set<PartitionWork>()
  private readonly backlog = { bytes: 0 }
  private readonly writer: ResultWriter
  private readonly lags = new Map<number, number>()
  private readonly untold = new Map<number, number>()
  private membership: Membership | undefined
  private failure: { readonly error: unknown } | undefined
  private records = 0
  private refused = 0
  private newestSentAt: number | null = null

  constructor(options: AnalysisOptions, parts: GroupParts) {
    this.options = options
    this.parts = parts
    this.writer = new ResultWriter(options.analysis)
  }

  async run(): Promise<void> {
    const { broker, analysis, memberId, pacer, signal, onTrouble } = this.options
    this.membership = broker.joinGroup({
      group: analysis.group,
      topic: analysis.input.name,
      ...(memberId === undefined ? {} : { memberId }),
      onGained: (partitions, generation) => this.gain(partitions, generation),
      onReleased: (partitions) => this.release(partitions),
      onLost: (partitions) => this.lose(partitions),
      ...(onTrouble === undefined ? {} : { onTrouble }),
      signal,
    })
    const { done } = this.membership
    done.catch((error: unknown) => this.fail(error))
    const onTime = Promise.all([
      this.every(commitMs, async () => this.commitAll()),
      this.every(tellMs, () => this.tell()),
    ])
    const ending = this.parts.ends === undefined ? undefined : this.every(commitMs, () => this.endIfDone())
    try {
      for await (const batch of this.parts.reader) {
        await this.take(batch)
        await pacer?.whenResumed(signal)
      }
    } catch (error) {
      this.fail(error)
    }
    this.parts.end()
    await done.catch(() => {}) // by now everything is committed and given back
    await Promise.all([onTime, ending])
    await Promise.all([...this.works.keys()].map((partition) => this.drop(partition)))
    if (this.failure !== undefined) throw this.failure.error
  }

  progress(): AnalysisProgress {
    let lagRecords = 0
    for (const partition of this.works.keys()) lagRecords += this.lags.get(partition) ?? 0
    const { records, refused, newestSentAt } = this
    return { records, refused, lagRecords, newestSentAt, partitions: [...this.works.keys()].toSorted((a, b) => a - b) }
  }

  private async take(batch: Batch): Promise<void> {
    const work = this.works.get(batch.partition)
    if (work === undefined) return
    const refusedBefore = work.refused
    await this.attempt(work, () => work.take(batch))
    const { length, timestamps } = batch.packed
    this.records += length
    this.refused += work.refused - refusedBefore
    this.lags.set(batch.partition, Math.max(0, batch.end - batch.next))
    if (length > 0) this.newestSentAt = Math.max(this.newestSentAt ?? 0, timestamps[length - 1] ?? 0)
    this.options.onProgress?.(this.progress())
    if (work.isFull) void this.commit(work)
  }

  private async gain(partitions: readonly number[], generation: number): Promise<void> {
    for (const partition of partitions) this.gains.set(partition, { generation })
    await Promise.all(partitions.map((partition) => this.open(partition)))
  }

  private async release(partitions: readonly number[]): Promise<void> {
    this.parts.reader.release(partitions)
    const isDone = await beforeLong(this.finish(partitions), this.parts.stop)
    const isLeft = partitions.some((partition) => this.works.get(partition)?.isCommitted === false)
    if (!isDone && isLeft)
      this.options.onNotice?.('the broker does not answer: what is not committed will be done again')
    for (const partition of partitions) {
      this.gains.delete(partition)
      await this.drop(partition)
    }
  }

  private async finish(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) {
      const work = this.works.get(partition)
      if (work !== undefined) await this.attempt(work, async () => this.note(partition, await work.commit()))
    }
    await this.tell()
  }

  private lose(partitions: readonly number[]): void {
    for (const partition of partitions) {
      this.gains.delete(partition)
      this.untold.delete(partition)
      void this.drop(partition)
    }
  }

  /** Begins work on a partition, unless it is lost meanwhile. */
  private async open(partition: number): Promise<void> {
    const { broker, analysis, signal, onNotice } = this.options
    const { topic, id } = { topic: analysis.input.name, id: this.parts.id }
    const gain = this.gains.get(partition)
    const isOurs = (): boolean => gain !== undefined && this.gains.get(partition) === gain && !signal.aborted
    const work = await untilThere(isOurs, async () => {
      const { partitions } = await broker.admin.describeTopic(topic)
      const start = partitions[partition]?.start ?? 0
      return PartitionWork.open(
        {
          broker,
          analysis,
          origin: { topic, id, partition },
          decoder: this.parts.decoder,
          writer: this.writer,
          backlog: this.backlog,
          onNotice: (notice) => onNotice?.(notice),
          signal,
        },
        start,
      )
    })
    if (work === undefined) return
    if (!isOurs()) return work.close()
    this.works.set(partition, work)
    this.note(partition, work.next)
    this.parts.reader.assign(new Map([[partition, work.next]]))
  }

  private async drop(partition: number): Promise<void> {
    this.parts.reader.release([partition])
    const work = this.works.get(partition)
    this.works.delete(partition)
    this.lags.delete(partition)
    await work?.close()
  }

  /** Begins to; where the last one is not done yet, it is left alone. */
  private commitAll(): void {
    for (const work of this.works.values()) {
      if (work.isDirty) this.commit(work).catch((error: unknown) => this.fail(error))
    }
  }

  private async commit(work: PartitionWork): Promise<void> {
    if (this.committing.has(work)) return
    this.committing.add(work)
    await this.attempt(work, async () => this.note(work.partition, await work.commit()))
    this.committing.delete(work)
  }

  /**
   * Does a piece of work on a partition. When the broker has aborted the transaction, as of a process that slept, or another
   * process has taken it over, work begins again at what is committed, as long as the partition is ours.
   */
  private async attempt(work: PartitionWork, doIt: () => Promise<void>): Promise<void> {
    const { partition } = work
    try {
      await doIt()
    } catch (error) {
      if (this.works.get(partition) !== work) return
      const code = error instanceof WindsockError ? error.code : undefined
      if (code !== 'fenced' && code !== 'transaction-lost') return this.fail(error)
      await this.drop(partition)
      this.reopen(partition, code === 'fenced' ? fencedMs : 0).catch((reason: unknown) => this.fail(reason))
    }
  }

  /**
   * Who was fenced has mostly lost the partition, and is about to hear of it. Else it was a process that slept while it opened
   * the partition, and finds out only now that it is no longer its own.
   */
  private async reopen(partition: number, waitMs: number): Promise<void> {
    const { signal } = this.options
    const gain = this.gains.get(partition)
    const isWanted = (): boolean => gain !== undefined && this.gains.get(partition) === gain && !signal.aborted
    for (let wait = waitMs; isWanted() && (wait > 0 || this.membership?.isCurrent() !== true); wait = 0) {
      await delay(Math.max(wait, retryMs), undefined, { signal }).catch(() => {})
    }
    if (isWanted()) await this.open(partition)
  }

  private note(partition: number, position: number): void {
    this.untold.set(partition, position)
  }

  /** Tells the group how far we are, so that others can see the lag. */
  private async tell(): Promise<void> {
    const byGeneration = new Map<number, Map<number, number>>()
    for (const [partition, position] of this.untold) {
      const generation = this.gains.get(partition)?.generation
      if (generation === undefined) continue
      const positions = byGeneration.get(generation) ?? new Map<number, number>()
      byGeneration.set(generation, positions.set(partition, position))
    }
    this.untold.clear()
    for (const [generation, positions] of byGeneration) {
      await this.membership?.commit(positions, generation).catch((error: unknown) => {
        if (!this.parts.stop.aborted) this.fail(error)
      })
    }
  }

  /** Ends the work when all partitions have reached their ends, whoever of the group had them. */
  private async endIfDone(): Promise<void> {
    const left = (this.parts.ends ?? []).filter(({ start, end }) => end > start)
    const open = left.filter(({ partition, end }) => (this.works.get(partition)?.committedNext ?? 0) < end)
    if (open.some(({ partition }) => this.works.has(partition))) return
    if (open.length > 0 && !(await this.isDoneByOthers(open))) return
    this.parts.end()
  }

  /** Whether other members have committed these partitions to their ends. */
  private async isDoneByOthers(partitions: readonly PartitionDescription[]): Promise<boolean> {
    const { broker, analysis } = this.options
    try {
      const committed = await broker.admin.committed(analysis.group, analysis.input.name)
      // What the group was told is older than a state that was dropped since.
      const states = (await broker.admin.describeTopic(stateTopic(analysis.group, 1).name, 'committed')).partitions
      return partitions.every(({ partition, end }) => {
        const state = states[partition]
        return (committed.get(partition) ?? 0) >= end && state !== undefined && state.end > state.start
      })
    } catch {
      return false
    }
  }

  private async every(ms: number, work: () => Promise<void>): Promise<void> {
    const { signal } = this.options
    while (!signal.aborted) {
      await delay(ms, undefined, { signal }).catch(() => {})
      if (!signal.aborted) await work().catch((error: unknown) => this.fail(error))
    }
  }

  private fail(error: unknown): void {
    this.failure ??= { error }
    this.parts.end()
  }
}

/** Waits for the work, but once there is a stop no longer than `stopMsMax`; false when it was not done by then. */
async function beforeLong(work: Promise<void>, stop: AbortSignal): Promise<boolean> {
  const over = new AbortController()
  const tooLong = async (): Promise<boolean> => {
    if (!stop.aborted) await once(stop, 'abort', { signal: over.signal })
    await delay(stopMsMax, undefined, { signal: over.signal })
    return false
  }
  try {
    return await Promise.race([work.then(() => true), tooLong()])
  } finally {
    over.abort()
  }
}

/** Tries again while what is wrong may pass; undefined when it is no longer wanted. */
async function untilThere<T>(isWanted: () => boolean, work: () => Promise<T>): Promise<T | undefined> {
  while (isWanted()) {
    try {
      return await work()
    } catch (error) {
      if (!isWanted()) return undefined
      if (!(error instanceof WindsockError && error.retriable)) throw error
      await delay(retryMs)
    }
  }
  return undefined
}
