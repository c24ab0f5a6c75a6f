import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { describeGroup } from '../../contracts/group.ts'

describeGroup('in memory', async () => {
  const broker = createMemoryBroker()
  return { broker, close: () => broker.close() }
})
