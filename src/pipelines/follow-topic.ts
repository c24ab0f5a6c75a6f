import type { Broker, IncomingRecord } from '../broker/broker.ts'
import type { Clock } from '../foundation/clock.ts'
import { WindsockError } from '../foundation/errors.ts'

export interface FollowOptions {
  readonly broker: Broker
  readonly topic: string
  readonly start: 'earliest' | 'latest'
  readonly clock: Clock
  readonly signal: AbortSignal
  onRecord(record: IncomingRecord, partition: number): void
  /** The topic was made anew: what was read of the former one is void. */
  onReset(): void
  onTrouble(reason: string | undefined): void
}

const retryMs = 500

/** Reads a topic for as long as the signal lets it: waits for one that is not there yet, begins again when it was made anew. */
export async function followTopic(options: FollowOptions): Promise<void> {
  const { broker, topic, start, signal } = options
  let hasRead = false
  for (let round = 0; !signal.aborted; round++) {
    // What arrives between two readings of a topic made anew must not be missed.
    const reader = broker.openReader({
      topic,
      start: round === 0 ? start : 'earliest',
      signal,
      onTrouble: (reason) => options.onTrouble(reason),
    })
    try {
      for await (const { records, partition } of reader) {
        hasRead = true
        for (const record of records) options.onRecord(record, partition)
      }
    } catch (error) {
      const isRecreated = error instanceof WindsockError && ['topic-missing', 'position-lost'].includes(error.code)
      if (!isRecreated) throw error
      // A topic that is still missing is asked for again and again, and voids nothing.
      if (hasRead) options.onReset()
      hasRead = false
      await options.clock.sleep(retryMs, signal)
    } finally {
      await reader.close()
    }
  }
}

/** The value of a record as a JSON object, or undefined where it is something else. */
export function objectOf({ value }: IncomingRecord): Readonly<Record<string, unknown>> | undefined {
  if (value === null) return undefined
  try {
    const parsed: unknown = JSON.parse(Buffer.from(value).toString())
    return isObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
