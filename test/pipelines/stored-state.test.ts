import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { compareStates, listStoredGroups, readStoredState, writeStates } from '../../src/pipelines/stored-state.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { stateTopic } from '../../src/topics/state.ts'
import { barRecord, sendTo } from './topic-records.ts'

const aroon = chooseAnalysis('aroon', { period: '1' })
const running = new AbortController().signal

async function brokerWith(
  ...closes: readonly (readonly [symbol: string, date: string, close: number])[]
): Promise<Broker> {
  const broker = createMemoryBroker()
  await broker.admin.ensureTopics([prices, quarantine, resultTopic(aroon.group)])
  await sendTo(broker, prices.name, ...closes.map(([symbol, date, close]) => barRecord(symbol, date, close)))
  await runAnalysis({ broker, analysis: aroon, untilEnd: true, signal: running })
  return broker
}

describe('what is stored', () => {
  it('is listed by group', async () => {
    const broker = await brokerWith(['A', '2015-01-05', 1])
    assert.deepEqual(await listStoredGroups(broker), [aroon.group])
    assert.deepEqual(await listStoredGroups(createMemoryBroker()), [])
  })

  it('is the newest state of every key, and what it stands for', async () => {
    const broker = await brokerWith(['A', '2015-01-05', 1], ['A', '2015-01-06', 2], ['B', '2015-01-05', -1])
    const stored = await readStoredState(broker, aroon.group, running)
    assert.equal(stored.length, prices.partitions)
    const checkpoints = stored.flatMap(({ checkpoint }) => (typeof checkpoint === 'object' ? [checkpoint] : []))
    assert.deepEqual(
      checkpoints
        .map(({ topic, from, next, keys }) => ({ topic, from, next, keys }))
        .toSorted((a, b) => a.next - b.next),
      [
        { topic: 'prices', from: 0, next: 1, keys: 1 },
        { topic: 'prices', from: 0, next: 2, keys: 1 },
      ],
    )
    const lines = writeStates(stored).trimEnd().split('\n')
    assert.deepEqual(
      lines.map((each): unknown => JSON.parse(each)),
      [
        { key: ['A'], state: { date: '2015-01-06', highs: [1, 2], lows: [1, 2] } },
        { key: ['B'], state: { date: '2015-01-05', highs: [-1], lows: [-1] } },
      ],
    )
  })

  it('that cannot be read is damaged, not empty', async () => {
    const broker = await brokerWith(['A', '2015-01-05', 1])
    await sendTo(broker, stateTopic(aroon.group, 1).name, { key: 'checkpoint', value: '{', partition: 0 })
    const [first] = await readStoredState(broker, aroon.group, running)
    assert.equal(first?.checkpoint, 'damaged')
  })

  it('of a group that never stored anything is a topic that is missing', async () => {
    await assert.rejects(readStoredState(createMemoryBroker(), 'aroon', running), { code: 'topic-missing' })
  })
})

function line(key: string, flights: number): string {
  return `{"key":["${key}"],"state":{"flights":${flights}}}\n`
}

describe('two exports', () => {
  it('are compared key by key, in any order', () => {
    assert.deepEqual(compareStates(line('A', 1) + line('B', 2), line('B', 2) + line('A', 1)), [])
    const differences = compareStates(line('A', 1) + line('B', 2), line('B', 3) + line('C', 4))
    assert.equal(differences.length, 3)
    assert.match(
      differences.join('\n'),
      /\["A"\] is only here\n\["B"\] differs: .*2.* here, .*3.* there\n\["C"\] is only there/,
    )
  })

  it('with a line that is none of an export differ', () => {
    assert.equal(compareStates('', 'garbage\n').length, 1)
    assert.equal(compareStates(line('A', 1), '7\n').length, 2)
  })
})
