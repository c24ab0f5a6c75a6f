import type { Broker, OutgoingRecord, ReadOptions } from '../../src/broker/broker.ts'

export interface Interception {
  /** Takes the place of every send; `send` is the broker's own. */
  onSend?(topic: string, send: () => Promise<void>, records: readonly OutgoingRecord[]): Promise<void>
  /** Takes the place of every commit to a group. */
  onCommit?(commit: () => Promise<void>): Promise<void>
  onRead?(options: ReadOptions): ReadOptions
  /** The most records of the next batch. */
  batchRecordsMax?(): number
}

/** A broker that does what another one does, with a hand in it. */
export function intercept(broker: Broker, interception: Interception): Broker {
  return {
    ...broker,
    openPublisher(name) {
      const publisher = broker.openPublisher(name)
      return {
        send: async (topic, records) => {
          const send = (): Promise<void> => publisher.send(topic, records)
          await (interception.onSend?.(topic, send, records) ?? send())
        },
        close: () => publisher.close(),
      }
    },
    openReader(options) {
      const reader = broker.openReader(interception.onRead?.(options) ?? options)
      return {
        async *[Symbol.asyncIterator]() {
          for await (const batch of reader) {
            if (batch.records.length === 0) yield batch
            for (let from = 0; from < batch.records.length;) {
              const to = Math.min(batch.records.length, from + (interception.batchRecordsMax?.() ?? Infinity))
              const next = batch.records[to]?.offset ?? batch.next
              yield { ...batch, records: batch.records.slice(from, to), next }
              if (options.signal.aborted) return
              from = to
            }
          }
        },
        commit: async (positions) => {
          const commit = (): Promise<void> => reader.commit(positions)
          await (interception.onCommit?.(commit) ?? commit())
        },
        close: () => reader.close(),
      }
    },
  }
}
