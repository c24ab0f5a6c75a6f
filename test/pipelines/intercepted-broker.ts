import type { Broker, OutgoingRecord, Reader, ReadOptions } from '../../src/broker/broker.ts'
import { slicePacked } from '../../src/model/packed-records.ts'

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
        ...methodsOf(reader),
        async *[Symbol.asyncIterator]() {
          for await (const batch of reader) {
            const { topic, partition, packed, records, end } = batch
            if (records.length === 0) yield batch
            for (let from = 0; from < records.length;) {
              const to = Math.min(records.length, from + (interception.batchRecordsMax?.() ?? Infinity))
              const next = records[to]?.offset ?? batch.next
              yield {
                topic,
                partition,
                packed: slicePacked(packed, from, to),
                records: records.slice(from, to),
                next,
                end,
              }
              if (options.signal.aborted) return
              from = to
            }
          }
        },
        commit: async (positions) => {
          const commit = (): Promise<void> => reader.commit(positions)
          await (interception.onCommit?.(commit) ?? commit())
        },
      }
    },
  }
}

/** All that a reader does, to be replaced in part. */
export function methodsOf(reader: Reader): Reader {
  return {
    [Symbol.asyncIterator]: () => reader[Symbol.asyncIterator](),
    pause: (partitions) => reader.pause(partitions),
    resume: (partitions) => reader.resume(partitions),
    seek: (positions) => reader.seek(positions),
    assign: (positions) => reader.assign(positions),
    release: (partitions) => reader.release(partitions),
    commit: (positions) => reader.commit(positions),
    close: () => reader.close(),
  }
}
