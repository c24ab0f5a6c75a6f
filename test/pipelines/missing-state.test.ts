import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { partitionOf } from '../../src/model/partition.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { stateTopic } from '../../src/topics/state.ts'
import { dayOf } from '../analyses/histories.ts'
import { hurryTime } from './hurried-time.ts'
import { barRecord, readNewest, sendTo } from './topic-records.ts'

const time = hurryTime()
const aroon = chooseAnalysis('aroon', { period: '1' })
const states = stateTopic(aroon.group, prices.partitions)
const ours = partitionOf('A', prices.partitions)
const place = `the stored state of ${aroon.group} for prices/${ours}`

async function makeBroker(): Promise<Broker> {
  const broker = createMemoryBroker({ now: () => Date.UTC(2015, 0, 5), partitionBytesMax: 1_500 })
  await broker.admin.ensureTopics([prices, quarantine, resultTopic(aroon.group)])
  return broker
}

async function add(broker: Broker, from: number, to: number): Promise<void> {
  for (let day = from; day < to; day++) await sendTo(broker, prices.name, barRecord('A', dayOf(day), day))
}

const rangeOf = async (broker: Broker): Promise<{ start: number; end: number }> =>
  (await broker.admin.describeTopic(prices.name)).partitions[ours] ?? { start: 0, end: 0 }

/** Works to the end, and gives what a person is told. */
async function run(broker: Broker): Promise<string[]> {
  const notices: string[] = []
  const { signal } = new AbortController()
  const onNotice = (notice: string): number => notices.push(notice)
  await time.during(runAnalysis({ broker, analysis: aroon, untilEnd: true, signal, onNotice }))
  return notices
}

describe('a state topic that was deleted', () => {
  it('is noticed, and the state computed again where the log holds everything', async () => {
    const broker = await makeBroker()
    await add(broker, 0, 3)
    assert.deepEqual(await run(broker), [], 'a new group has lost nothing')
    const results = await readNewest(broker, aroon.group)
    await broker.admin.deleteTopics([states.name])
    assert.deepEqual(await run(broker), [
      `${place} is gone, though it had got to offset 3: it is computed again from the log`,
    ])
    assert.deepEqual(await readNewest(broker, aroon.group), results)
    assert.deepEqual(await run(broker), [], 'once')
  })

  it('ends the work where the log has lost its beginning, and nothing is computed from later', async () => {
    const broker = await makeBroker()
    await add(broker, 0, 3)
    await run(broker)
    const results = await readNewest(broker, aroon.group)
    await broker.admin.deleteTopics([states.name])
    await add(broker, 3, 20)
    assert.ok((await rangeOf(broker)).start > 3)
    const message = `${place} is gone, though it had got to offset 3, and the log no longer holds offset 0, where it may have begun`
    await assert.rejects(run(broker), { code: 'state-damaged', message, hint: /--fresh/ })
    assert.deepEqual(await readNewest(broker, aroon.group), results)
    await broker.admin.deleteGroups([aroon.group])
    assert.deepEqual(await run(broker), [], 'a group that is forgotten is a new one')
  })

  it('is told of where it may never have been: at the first offset that is left', async () => {
    const broker = await makeBroker()
    await add(broker, 0, 20)
    const { start } = await rangeOf(broker)
    assert.ok(start > 0)
    await commitAt(broker, start)
    assert.deepEqual(await run(broker), [
      `${place} is not there: it begins with nothing at offset ${start}, the first that is left`,
    ])
  })
})

/** As a group that found the log empty at this offset, and was stopped. */
async function commitAt(broker: Broker, offset: number): Promise<void> {
  const over = new AbortController()
  const gained = Promise.withResolvers<number>()
  const membership = broker.joinGroup({
    group: aroon.group,
    topic: prices.name,
    onGained: async (_partitions, generation) => gained.resolve(generation),
    onReleased: async () => {},
    onLost: () => {},
    signal: over.signal,
  })
  await membership.commit(new Map([[ours, offset]]), await gained.promise)
  over.abort()
  await membership.done
}
