import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Batch, Broker, Reader } from '../broker/broker.ts'
import { WindsockError } from '../foundation/errors.ts'
import { createFrame, type Frame } from '../model/frame.ts'
import { decodeMessage } from '../model/message.ts'
import { resultTopic } from '../topics/results.ts'
import { encodeResults } from './encode-results.ts'
import { Folding } from './folding.ts'
import { createQuarantine } from './quarantine.ts'
import { openStateStore, type StateStore } from './state-store.ts'

export interface AnalysisOptions {
  readonly broker: Broker
  readonly analysis: ChosenAnalysis
  /** Where states are kept; undefined keeps them in memory only. */
  readonly stateFolder: string | undefined
  /** Work up to what was the end of the topic at the start, then return. */
  readonly untilEnd: boolean
  readonly signal: AbortSignal
  readonly onProgress?: (progress: AnalysisProgress) => void
  readonly onTrouble?: (reason: string | undefined) => void
}

export interface AnalysisProgress {
  /** Records folded since the start, refused ones included. */
  readonly records: number
  readonly refused: number
  /** Records that are in the topic and not folded yet, as far as the last batches told. */
  readonly lagRecords: number
  /** When the newest record folded was sent, milliseconds since the epoch. */
  readonly newestSentAt: number | null
}

/** How often the group is told how far it is; others see the lag from it, nothing of ours depends on it. */
const groupCommitMs = 250

/**
 * Reads a topic, folds it, and publishes the results. Effectively once: results are published first (keyed upserts, so that a
 * repetition is harmless), then states and positions are stored together, then the group is told. Dying between any two of
 * these repeats work from the stored position and ends with the same results.
 */
export async function runAnalysis(options: AnalysisOptions): Promise<AnalysisProgress> {
  const { broker, analysis, signal } = options
  const { group, input } = analysis
  const { id, partitions } = await broker.admin.describeTopic(input.name)
  const store = openStateStore(options.stateFolder, group, { topic: input.name, id })
  const until = options.untilEnd ? new Map(partitions.map(({ partition, end }) => [partition, end])) : undefined
  const reader = broker.openReader({
    topic: input.name,
    start: store.positions,
    group,
    signal,
    ...(until === undefined ? {} : { until }),
    ...(options.onTrouble === undefined ? {} : { onTrouble: options.onTrouble }),
  })
  const publisher = broker.openPublisher(group)
  try {
    const work = new Work(options, store, reader, publisher)
    for await (const batch of reader) await work.take(batch)
    await work.finish()
    return work.progress()
  } finally {
    await publisher.close()
    await reader.close()
    store.close()
  }
}

class Work {
  private readonly options: AnalysisOptions
  private readonly store: StateStore
  private readonly reader: Reader
  private readonly publisher: ReturnType<Broker['openPublisher']>
  private readonly quarantine: ReturnType<typeof createQuarantine>
  private readonly folding: Folding
  private readonly positions: Map<number, number>
  private readonly lags = new Map<number, number>()
  private records = 0
  private newestSentAt: number | null = null
  private committedAt = 0
  private telling: NodeJS.Timeout | undefined

  constructor(
    options: AnalysisOptions,
    store: StateStore,
    reader: Reader,
    publisher: ReturnType<Broker['openPublisher']>,
  ) {
    this.options = options
    this.store = store
    this.reader = reader
    this.publisher = publisher
    this.quarantine = createQuarantine(publisher, options.analysis.group)
    this.folding = restoreFolding(options.analysis, store)
    this.positions = new Map(store.positions)
    // The last run may have died between storing and telling, and if nothing arrives any more nobody would tell.
    if (this.positions.size > 0) this.tellSoon()
  }

  async take(batch: Batch): Promise<void> {
    const frame = frameOf(this.options.analysis, batch)
    const refusals = [...frame.refusals, ...this.folding.take(frame)]
    const newest = batch.records.at(-1)?.timestamp ?? null
    await this.quarantine.add(frame, refusals)
    const upserts = encodeResults(this.options.analysis, this.folding.takeUpserts(), { ...batch, sentAt: newest })
    // One that slept while a successor went on would put its old results over the successor's.
    this.store.check()
    if (upserts.length > 0) await this.publisher.send(resultTopic(this.options.analysis.group).name, upserts)
    this.positions.set(batch.partition, batch.next)
    this.store.commit(this.folding.takeStates(), new Map([[batch.partition, batch.next]]))
    this.records += batch.records.length
    this.lags.set(batch.partition, Math.max(0, batch.end - batch.next))
    this.newestSentAt = Math.max(this.newestSentAt ?? 0, newest ?? 0) || null
    this.options.onProgress?.(this.progress())
    if (Date.now() - this.committedAt >= groupCommitMs) await this.tellGroup()
    else this.tellSoon()
  }

  async finish(): Promise<void> {
    if (this.positions.size > 0) await this.tellGroup()
  }

  progress(): AnalysisProgress {
    let lagRecords = 0
    for (const lag of this.lags.values()) lagRecords += lag
    return { records: this.records, refused: this.quarantine.count, lagRecords, newestSentAt: this.newestSentAt }
  }

  /** The last batch before a pause is told of, too. If that fails, the next batch fails and says so. */
  private tellSoon(): void {
    this.telling ??= setTimeout(() => void this.tellGroup().catch(() => {}), groupCommitMs)
  }

  private async tellGroup(): Promise<void> {
    clearTimeout(this.telling)
    this.telling = undefined
    this.committedAt = Date.now()
    await this.reader.commit(this.positions)
  }
}

function restoreFolding(analysis: ChosenAnalysis, store: StateStore): Folding {
  const folding = new Folding(analysis)
  for (const { key, state } of store.states()) {
    try {
      folding.restore(key, state)
    } catch (error) {
      throw new WindsockError('state-damaged', `the stored state of ${analysis.group} for key ${key} is damaged`, {
        hint: 'Start with --fresh to compute it again from the log',
        cause: error,
      })
    }
  }
  return folding
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function frameOf(analysis: ChosenAnalysis, batch: Batch): Frame {
  const frame = createFrame(analysis.input.schema, `${batch.topic}/${batch.partition}`, batch.records.length)
  for (const { offset, value } of batch.records) decodeMessage(frame, textOf(value), offset)
  return frame
}

function textOf(value: Uint8Array | null): string | undefined {
  if (value === null) return undefined
  try {
    return utf8.decode(value)
  } catch {
    return undefined
  }
}
