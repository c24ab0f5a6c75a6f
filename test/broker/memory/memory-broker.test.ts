import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { describeBroker } from '../../contracts/broker.ts'

describeBroker('in memory', async () => {
  const broker = createMemoryBroker()
  return { broker, close: () => broker.close() }
})
