import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { describeReading } from '../../contracts/reading.ts'

describeReading('in memory', async () => {
  const broker = createMemoryBroker()
  return { broker, close: () => broker.close() }
})
