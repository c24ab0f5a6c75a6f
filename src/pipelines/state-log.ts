import { crc32 } from 'node:zlib'
import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Broker, IncomingRecord, OutgoingRecord } from '../broker/broker.ts'
import { WindsockError } from '../foundation/errors.ts'
import { stateTopic } from '../topics/state.ts'
import { Folding } from './folding.ts'

/**
 * The states of one partition's keys, kept in the partition of the same number of the group's state topic: the newest state
 * under every key, and a checkpoint that says which position they stand for. States and checkpoint are written in one
 * transaction, so that after any crash both are of the same moment.
 */
export interface Checkpoint {
  /** The version of this layout. */
  readonly layout: number
  readonly topic: string
  /** The topic's id, which changes when it is made anew. */
  readonly id: string
  /** The first offset that the states stand for, and the one behind the last. */
  readonly from: number
  readonly next: number
  /** How many keys have a state, and the sum of their checksums: states that were lost or altered are noticed. */
  readonly keys: number
  readonly sum: number
}

/** The key of the checkpoint; those of states are JSON arrays. */
export const checkpointKey = 'checkpoint'

const layoutVersion = 1

/** What states stand for. */
export interface StateOrigin {
  readonly topic: string
  readonly id: string
  readonly partition: number
}

/** Keeps the checksums of what was written, and makes the records of what is to be written next. */
export class StateLog {
  private readonly origin: StateOrigin
  private readonly from: number
  private readonly sums: ChecksumTable

  /** @param from the first offset that the states stand for */
  constructor(origin: StateOrigin, from: number, sums = new ChecksumTable()) {
    this.origin = origin
    this.from = from
    this.sums = sums
  }

  /** The records that make the state topic what the folding is now. @param next the position behind the last record folded */
  recordsOf(folding: Folding, next: number): OutgoingRecord[] {
    const { topic, id, partition } = this.origin
    const records: OutgoingRecord[] = folding.takeStates().map(({ slot, key, state }) => {
      this.sums.put(slot, checksum(key, state))
      return { key, value: state, partition }
    })
    const { keys, sum } = this.sums
    const checkpoint: Checkpoint = { layout: layoutVersion, topic, id, from: this.from, next, keys, sum }
    records.push({ key: checkpointKey, value: JSON.stringify(checkpoint), partition })
    return records
  }
}

/** A partition's states as they were found. */
export interface Restored {
  readonly folding: Folding
  readonly log: StateLog
  /** Where to go on reading; undefined where nothing was kept, and reading begins at the earliest record. */
  readonly next: number | undefined
}

/** What was found and must not be used. */
export interface Refused {
  /** What is wrong with it. */
  readonly reason: string
  /** The first offset it stood for, where that much could be read. */
  readonly from: number | undefined
  /** The keys that are there, to be deleted before others are written. */
  readonly keys: readonly string[]
}

/**
 * Reads what is kept of a partition. What is damaged, incomplete, or of another version is refused, never taken for an empty
 * state.
 *
 * @throws WindsockError `topic-mismatch` when it stands for another log
 */
export async function restoreState(
  broker: Broker,
  analysis: ChosenAnalysis,
  origin: StateOrigin,
  signal: AbortSignal,
): Promise<Restored | Refused> {
  const reading = new StateReading(analysis)
  for await (const record of readState(broker, analysis.group, origin.partition, signal)) reading.take(record)
  return reading.end(origin)
}

/** All records of one partition of a state topic, oldest first, those of unfinished transactions left out. */
export async function* readState(
  broker: Broker,
  group: string,
  partition: number,
  signal: AbortSignal,
): AsyncGenerator<IncomingRecord> {
  const { name } = stateTopic(group, 1)
  const { partitions } = await broker.admin.describeTopic(name, 'committed')
  const mine = partitions[partition]
  if (mine === undefined) {
    throw new WindsockError('topic-mismatch', `topic ${name} has no partition ${partition}`, {
      hint: 'Its input has got more partitions, and keys go to others since: make the input anew, or name another topic',
    })
  }
  const reader = broker.openReader({
    topic: name,
    partitions: 'assigned',
    start: new Map([[partition, mine.start]]),
    until: new Map([[partition, mine.end]]),
    isolation: 'committed',
    signal,
  })
  try {
    for await (const { records } of reader) yield* records
    signal.throwIfAborted()
  } finally {
    await reader.close()
  }
}

/** What a record of a state topic says: a key's state or the checkpoint; null deletes. */
export function textsOf({ key, value }: IncomingRecord): { readonly key: string; readonly text: string | null } {
  return { key: textOf(key), text: value === null ? null : textOf(value) }
}

/** A checkpoint, or what else was found in its place. */
function readCheckpoint(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return 'damaged'
  }
}

/** The checkpoint in a text; `damaged` where it is none, or one of another version. */
export function parseCheckpoint(text: string): Checkpoint | 'damaged' {
  const found = readCheckpoint(text)
  return isCheckpoint(found) ? found : 'damaged'
}

class StateReading {
  private readonly analysis: ChosenAnalysis
  private readonly folding: Folding
  private readonly sums = new ChecksumTable()
  /** Keys whose newest state cannot be read. */
  private readonly damaged = new Set<string>()
  private readonly keys = new Set<string>()
  private checkpoint: unknown

  constructor(analysis: ChosenAnalysis) {
    this.analysis = analysis
    this.folding = new Folding(analysis)
  }

  take(record: IncomingRecord): void {
    const { key, text } = textsOf(record)
    if (key === checkpointKey) {
      this.checkpoint = text === null ? undefined : readCheckpoint(text)
      return
    }
    this.damaged.delete(key)
    try {
      if (text === null) {
        this.keys.delete(key)
        this.sums.remove(this.folding.forget(key))
      } else {
        this.keys.add(key)
        this.sums.put(this.folding.restore(key, text), checksum(key, text))
      }
    } catch {
      if (text !== null) this.damaged.add(key) // what is no key had no state, so nothing is lost with it
    }
  }

  end(origin: StateOrigin): Restored | Refused {
    const found = this.checkpoint
    if (found === undefined && this.keys.size === 0) {
      return { folding: new Folding(this.analysis), log: new StateLog(origin, 0), next: undefined }
    }
    const from = isObject(found) && typeof found['from'] === 'number' ? found['from'] : undefined
    const refuse = (reason: string): Refused => ({ reason, from, keys: [...this.keys] })
    if (!isCheckpoint(found)) {
      const isNewer = isObject(found) && Number(found['layout']) > layoutVersion
      return refuse(isNewer ? 'was written by a newer version of Windsock' : 'has no readable checkpoint')
    }
    if (found.topic !== origin.topic || found.id !== origin.id) {
      throw new WindsockError(
        'topic-mismatch',
        `the stored state of ${this.analysis.group} stands for another log than today's topic ${origin.topic}`,
        { hint: 'Start with --fresh to compute it again from the log' },
      )
    }
    if (this.damaged.size > 0) return refuse(`cannot be read for key ${[...this.damaged][0]}`)
    if (found.keys !== this.sums.keys || found.sum !== this.sums.sum) return refuse('is not what was written')
    const { folding, sums } = this
    return { folding, log: new StateLog(origin, found.from, sums), next: found.next }
  }
}

/** The checksum of every key's state, and their sum, which does not depend on the order. */
export class ChecksumTable {
  keys = 0
  sum = 0
  /** By slot, the checksum plus one; 0 where there is none. */
  private bySlot = new Float64Array(64)

  put(slot: number, value: number): void {
    this.remove(slot)
    if (slot >= this.bySlot.length) {
      const bySlot = new Float64Array(Math.max(slot + 1, 2 * this.bySlot.length))
      bySlot.set(this.bySlot)
      this.bySlot = bySlot
    }
    this.bySlot[slot] = value + 1
    this.keys++
    this.sum = (this.sum + value) % sumModulus
  }

  remove(slot: number): void {
    const before = this.bySlot[slot] ?? 0
    if (before === 0) return
    this.bySlot[slot] = 0
    this.keys--
    this.sum = (this.sum - (before - 1) + sumModulus) % sumModulus
  }
}

const sumModulus = 2 ** 48

function checksum(key: string, state: string): number {
  return crc32(state, crc32(key))
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (!isObject(value) || value['layout'] !== layoutVersion) return false
  const isText = typeof value['topic'] === 'string' && typeof value['id'] === 'string'
  return isText && ['from', 'next', 'keys', 'sum'].every((name) => Number.isSafeInteger(value[name]))
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
