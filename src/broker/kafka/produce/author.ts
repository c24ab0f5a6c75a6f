import { initProducerIdV4 } from '@platformatic/kafka'
import type { WindsockError } from '../../../foundation/errors.ts'
import type { Cluster } from './cluster.ts'
import type { ProducerId } from './lane.ts'
import { patiently } from './patience.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** In whose name records are sent. */
export interface Author {
  /** Null for records outside of transactions. */
  readonly transactionalId: string | null
  /** Called before each request with its partitions; the request waits for it, and fails with it. */
  prepare(partitions: readonly TopicPartition[]): Promise<ProducerId> | ProducerId
  /** What a refusal means where the author knows better than the code says. */
  explain(errorCode: number): Promise<WindsockError | undefined>
  /** Told of every batch that was given up. */
  failed(error: WindsockError): void
}

/** An idempotent producer: it has an id of its own from the broker, by which repetitions are known. */
export function createIdempotentAuthor(cluster: Cluster, closing: AbortSignal): Author {
  let producer: ProducerId | undefined
  return {
    transactionalId: null,
    prepare: () => producer ?? ask(),
    explain: async () => undefined,
    failed: () => {},
  }

  async function ask(): Promise<ProducerId> {
    const { producerId, producerEpoch } = await patiently(
      async () => initProducerIdV4.api.async(await cluster.anyNode(), null, 0, -1n, -1),
      closing,
    )
    return (producer = { id: producerId, epoch: producerEpoch })
  }
}
