import type {
  Broker,
  GroupOptions,
  Membership,
  OutgoingRecord,
  Reader,
  ReadOptions,
  TransactionOptions,
  Transactions,
} from '../../src/broker/broker.ts'
import { slicePacked } from '../../src/model/packed-records.ts'

/** What is done with the transactions of an id. */
export type TransactionCall = 'open' | 'commit' | 'abort' | 'close'

export interface Interception {
  /** Takes the place of every send, within a transaction or not; `send` is the broker's own. */
  onSend?(topic: string, send: () => Promise<void>, records: readonly OutgoingRecord[]): Promise<void>
  /** Takes the place of what else is done with transactions; `act` is the broker's own. */
  onTransaction?(call: TransactionCall, act: () => Promise<void>, id: string): Promise<void>
  /** How transactions are opened. */
  readonly transactions?: TransactionOptions
  /** Takes the place of every commit to a group. */
  onCommit?(commit: () => Promise<void>): Promise<void>
  onJoin?(options: GroupOptions): GroupOptions
  /** Takes the place of a membership. */
  onMember?(membership: Membership): Membership
  onRead?(options: ReadOptions): ReadOptions
  /** Called before a batch is handed out. */
  onBatch?(): Promise<void>
  /** The most records of the next batch. */
  batchRecordsMax?(): number
}

/** A broker that does what another one does, with a hand in it. */
export function intercept(broker: Broker, interception: Interception): Broker {
  return {
    ...broker,
    openPublisher(name) {
      const publisher = broker.openPublisher(name)
      return { send: sendThrough(interception, publisher), close: () => publisher.close() }
    },
    openTransactions(id, options) {
      const transactions = broker.openTransactions(id, interception.transactions ?? options)
      const through = async (call: TransactionCall): Promise<void> => {
        const act = (): Promise<void> => transactions[call]()
        await (interception.onTransaction?.(call, act, id) ?? act())
      }
      return {
        open: () => through('open'),
        send: sendThrough(interception, transactions),
        commit: () => through('commit'),
        abort: () => through('abort'),
        close: () => through('close'),
      }
    },
    openReader(options) {
      const reader = broker.openReader(interception.onRead?.(options) ?? options)
      const eras = new Map<number, number>()
      const move = (partitions: Iterable<number>): void => {
        for (const partition of partitions) eras.set(partition, (eras.get(partition) ?? 0) + 1)
      }
      return {
        ...methodsOf(reader),
        [Symbol.asyncIterator]: () => batchesThrough(interception, reader, options, (partition) => eras.get(partition)),
        seek(positions) {
          move(positions.keys())
          reader.seek(positions)
        },
        assign(positions) {
          move(positions.keys())
          reader.assign(positions)
        },
        release(partitions) {
          move(partitions)
          reader.release(partitions)
        },
      }
    },
    joinGroup(options) {
      const joined = broker.joinGroup(interception.onJoin?.(options) ?? options)
      const membership = interception.onMember?.(joined) ?? joined
      return {
        done: membership.done,
        isCurrent: () => membership.isCurrent(),
        owns: (partition, generation) => membership.owns(partition, generation),
        async commit(positions, generation) {
          let taken: readonly number[] = []
          const commit = async (): Promise<void> => {
            taken = await membership.commit(positions, generation)
          }
          await (interception.onCommit?.(commit) ?? commit())
          return taken
        },
      }
    },
  }
}

function sendThrough(interception: Interception, to: Pick<Transactions, 'send'>): Transactions['send'] {
  return async (topic, records) => {
    const send = (): Promise<void> => to.send(topic, records)
    await (interception.onSend?.(topic, send, records) ?? send())
  }
}

async function* batchesThrough(
  interception: Interception,
  reader: Reader,
  { signal }: ReadOptions,
  eraOf: (partition: number) => unknown,
): ReturnType<Reader[typeof Symbol.asyncIterator]> {
  for await (const batch of reader) {
    const { topic, partition, packed, records, end } = batch
    const era = eraOf(partition)
    await interception.onBatch?.()
    if (records.length === 0) yield batch
    for (let from = 0; from < records.length;) {
      const to = Math.min(records.length, from + (interception.batchRecordsMax?.() ?? Infinity))
      const next = records[to]?.offset ?? batch.next
      yield { topic, partition, packed: slicePacked(packed, from, to), records: records.slice(from, to), next, end }
      if (signal.aborted) return
      if (eraOf(partition) !== era) break // the rest is no longer wanted
      from = to
    }
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
    close: () => reader.close(),
  }
}
