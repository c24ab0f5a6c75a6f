import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Admin } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import { TopicMeter } from '../../src/pipelines/topic-meter.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { barRecord, sendTo } from './topic-records.ts'

const bars = (count: number): ReturnType<typeof barRecord>[] =>
  Array.from({ length: count }, (_, i) => barRecord(`S${i}`, '2015-01-05', 1))

describe('the meter of topics', () => {
  it('tells how many records each holds and how fast they grow, over all partitions', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([prices, quarantine])
    const meter = new TopicMeter([prices.name, quarantine.name])
    await sendTo(broker, prices.name, ...bars(30))
    await meter.read(broker.admin, 10_000)
    await sendTo(broker, prices.name, ...bars(20))
    await meter.read(broker.admin, 12_000)
    assert.deepEqual(meter.views(new Map([[prices.name, 11_500]])), [
      { name: prices.name, partitions: 4, records: 50, recordsPerSecond: 10, newestSentAt: 11_500 },
      { name: quarantine.name, partitions: 1, records: 0, recordsPerSecond: 0, newestSentAt: null },
    ])
  })

  it('tells no rate at the first reading, nor when no time has passed or the topic has become shorter', async () => {
    const broker = createMemoryBroker()
    const meter = new TopicMeter([prices.name])
    const rate = (): number | undefined => meter.views(new Map())[0]?.recordsPerSecond
    await broker.admin.ensureTopics([prices])
    await sendTo(broker, prices.name, ...bars(30))
    await meter.read(broker.admin, 1_000)
    assert.equal(rate(), 0)
    await sendTo(broker, prices.name, ...bars(1))
    await meter.read(broker.admin, 1_000)
    assert.equal(rate(), 0)
    await broker.admin.deleteTopics([prices.name])
    await broker.admin.ensureTopics([prices])
    await meter.read(broker.admin, 2_000)
    assert.equal(rate(), 0)
  })

  it('leaves out topics that are not there, and begins anew with one that came back', async () => {
    const broker = createMemoryBroker()
    const meter = new TopicMeter([prices.name])
    await meter.read(broker.admin, 1_000)
    assert.deepEqual(meter.views(new Map()), [])
    await broker.admin.ensureTopics([prices])
    await meter.read(broker.admin, 2_000)
    assert.equal(meter.views(new Map()).length, 1)
    await broker.admin.deleteTopics([prices.name])
    await meter.read(broker.admin, 3_000)
    assert.deepEqual(meter.views(new Map()), [])
  })

  it('does not count what the log no longer holds, but its growth', async () => {
    const described = [
      { start: 0, end: 100 },
      { start: 90, end: 130 },
    ]
    const admin: Admin = {
      ...createMemoryBroker().admin,
      describeTopic: async (name) => ({
        name,
        id: 'x',
        partitions: [{ partition: 0, ...(described.shift() ?? { start: 0, end: 0 }) }],
      }),
    }
    const meter = new TopicMeter(['x'])
    await meter.read(admin, 0)
    await meter.read(admin, 1_000)
    const [view] = meter.views(new Map())
    assert.deepEqual([view?.records, view?.recordsPerSecond], [40, 30])
  })

  it('passes on that the broker does not answer, and keeps what it knew', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([prices])
    const meter = new TopicMeter([prices.name])
    await meter.read(broker.admin, 1_000)
    const away = new WindsockError('broker-unreachable', 'away')
    const admin: Admin = { ...broker.admin, describeTopic: () => Promise.reject(away) }
    await assert.rejects(meter.read(admin, 2_000), away)
    assert.equal(meter.views(new Map()).length, 1)
  })
})
