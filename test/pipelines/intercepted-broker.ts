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
import { slicePacked, unpackOutgoing } from '../../src/model/packed-records.ts'

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
      return {
        send: (topic, records) => sendThrough(interception, publisher, topic, records),
        close: () => publisher.close(),
      }
    },
    openTransactions(id, options) {
      return transactionsThrough(interception, broker.openTransactions(id, interception.transactions ?? options), id)
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

/** Calls may overlap and take effect in their order, however long any of them is held up; nothing is committed after an error. */
function transactionsThrough(interception: Interception, transactions: Transactions, id: string): Transactions {
  let last: Promise<unknown> = Promise.resolve()
  let failure: { readonly error: unknown } | undefined
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work)
    last = mine.catch(() => {})
    return mine
  }
  const through = async (call: TransactionCall): Promise<void> => {
    const act = (): Promise<void> => transactions[call]()
    await (interception.onTransaction?.(call, act, id) ?? act())
  }
  const check = (): void => {
    if (failure !== undefined) throw failure.error
  }
  return {
    open: () =>
      inTurn(async () => {
        await through('open')
        failure = undefined
      }),
    send: (topic, records) =>
      inTurn(async () => {
        check()
        try {
          await sendThrough(interception, transactions, topic, records)
        } catch (error) {
          failure = { error }
          throw error
        }
      }),
    sendPacked(topic, packed) {
      return this.send(topic, unpackOutgoing(packed)) // at once: its memory is used again
    },
    commit: () =>
      inTurn(async () => {
        check()
        await through('commit')
      }),
    abort: () =>
      inTurn(async () => {
        await through('abort')
        failure = undefined
      }),
    close: () => through('close'), // at once: what waits is to wait no more
  }
}

async function sendThrough(
  interception: Interception,
  to: Pick<Transactions, 'send'>,
  topic: string,
  records: readonly OutgoingRecord[],
): Promise<void> {
  const send = (): Promise<void> => to.send(topic, records)
  await (interception.onSend?.(topic, send, records) ?? send())
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
