import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { Connection, FeatureUpgradeTypes, updateFeaturesV1 } from '@platformatic/kafka'
import type { GroupOptions, Membership } from '../../../../src/broker/broker.ts'
import { Coordinator } from '../../../../src/broker/kafka/group/coordinator.ts'
import { joinKafkaGroup } from '../../../../src/broker/kafka/group/join-group.ts'
import { parseEndpoint } from '../../../../src/broker/kafka/wire/locate-topic.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { describeGroup } from '../../../contracts/group.ts'
import { startTestKafka, withoutKafka } from '../../../support/local-kafka.ts'
import { until } from '../../../support/until.ts'
import { WatchedMember } from '../../../support/watched-member.ts'

if (withoutKafka === false) {
  const kafka = await startTestKafka()
  after(() => kafka.stop())
  const cluster = { brokers: kafka.brokers }
  for (const protocol of ['consumer', 'classic'] as const) {
    describeGroup(`Apache Kafka, ${protocol} protocol`, async () => {
      const broker = createKafkaBroker(cluster)
      const joinGroup = (options: GroupOptions): Membership => joinKafkaGroup(cluster, options, { protocol })
      return { broker: { ...broker, joinGroup }, close: () => broker.close() }
    })
  }

  it('chooses KIP-848 where the cluster offers it', async () => {
    const coordinator = new Coordinator(cluster, 'offers')
    assert.equal(await coordinator.hasConsumerGroups(), true)
    await coordinator.close()
  })

  it('does without KIP-848 where the cluster has it switched off, as after an upgrade', async () => {
    const level = { feature: 'group.version', maxVersionLevel: 0, upgradeType: FeatureUpgradeTypes.SAFE_DOWNGRADE }
    const { host, port } = parseEndpoint(kafka.brokers[0] ?? '')
    const connection = new Connection('windsock-test')
    await connection.connect(host, port)
    await updateFeaturesV1.api.async(connection, 10_000, [level], false)
    await connection.close()
    const coordinator = new Coordinator(cluster, 'switched-off')
    await until('the brokers to know', async () => !(await coordinator.hasConsumerGroups()))
    await coordinator.close()

    const broker = createKafkaBroker(cluster)
    await broker.admin.ensureTopics([{ name: 'switched-off', partitions: 2, cleanup: 'delete', retentionMs: -1 }])
    const member = new WatchedMember(broker, { group: 'switched-off', topic: 'switched-off' }, 'only', [])
    await until('it to have both', () => member.partitions.length === 2, 20_000)
    await member.stop()
    await broker.close()
  })
} else {
  it('keeps the group contract', { skip: withoutKafka }, () => {})
}
