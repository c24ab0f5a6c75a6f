import type { Broker } from '../../../src/broker/broker.ts'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { describeTransactions } from '../../contracts/transactions.ts'

describeTransactions('in memory', async () => {
  const broker = createMemoryBroker()
  return { broker, readCommitted: (topic) => readCommitted(broker, topic), close: () => broker.close() }
})

/** What is there until half a second brings nothing new: up to the first transaction that is under way. */
async function readCommitted(broker: Broker, topic: string): Promise<string[][]> {
  const { partitions } = await broker.admin.describeTopic(topic)
  const values = partitions.map((): string[] => [])
  const abort = new AbortController()
  const timer = setTimeout(() => abort.abort(), 500)
  const reader = broker.openReader({ topic, start: 'earliest', isolation: 'committed', signal: abort.signal })
  for await (const { partition, records } of reader) {
    values[partition]?.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
    timer.refresh()
  }
  await reader.close()
  return values
}
