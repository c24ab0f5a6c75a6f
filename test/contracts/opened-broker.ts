import { after, before } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import type { Topic } from '../../src/topics/topic.ts'

/** Gives the broker that a contract is run against, and what ends it. */
export type OpenBroker = () => Promise<{ broker: Broker; close: () => Promise<void> }>

/** The broker of one suite, there while its tests run. */
export interface OpenedBroker {
  readonly broker: Broker
  /** A topic that no other test of the suite has. */
  makeTopic(partitions: number): Promise<Topic>
}

/** Opens a broker before the tests of the suite that is being described and closes it behind them. */
export function openForSuite(topicPrefix: string, open: OpenBroker): OpenedBroker {
  let opened: Awaited<ReturnType<OpenBroker>> | undefined
  let made = 0
  before(async () => {
    opened = await open()
  })
  after(() => opened?.close())
  return {
    get broker() {
      if (opened === undefined) throw new Error('the broker is open only while tests run')
      return opened.broker
    },
    async makeTopic(partitions) {
      const topic: Topic = { name: `${topicPrefix}-${++made}`, partitions, cleanup: 'delete', retentionMs: -1 }
      await this.broker.admin.ensureTopics([topic])
      return topic
    },
  }
}
