import assert from 'node:assert/strict'
import { after, describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { jsonCodec } from '../../src/codecs/json/json-codec.ts'
import { PartitionWork } from '../../src/pipelines/partition-work.ts'
import { ResultWriter } from '../../src/pipelines/result-writer.ts'
import { checkpointKey } from '../../src/pipelines/state-log.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { stateTopic } from '../../src/topics/state.ts'
import { dayOf } from '../analyses/histories.ts'
import { settle } from './hand-clock.ts'
import { intercept } from './intercepted-broker.ts'
import { MortalProcess } from './mortal-process.ts'
import { barRecord, readCommitted, readTopic, sendTo } from './topic-records.ts'

const { signal } = new AbortController()
const sentAt = Date.UTC(2015, 0, 5)
const analysis = chooseAnalysis('aroon', { period: '1' })
const partition = 3
const states = stateTopic(analysis.group, prices.partitions)
const decoder = jsonCodec.openDecoder({ schema: analysis.input.schema, reads: analysis.reads })
after(() => decoder.close())

async function brokerWith(records: readonly OutgoingRecord[], partitionBytesMax?: number): Promise<Broker> {
  const broker = createMemoryBroker({
    now: () => sentAt,
    ...(partitionBytesMax === undefined ? {} : { partitionBytesMax }),
  })
  await broker.admin.ensureTopics([prices, quarantine, resultTopic(analysis.group), states])
  await add(broker, records)
  return broker
}

const add = (broker: Broker, records: readonly OutgoingRecord[]): Promise<void> =>
  sendTo(broker, prices.name, ...records.map((record) => ({ ...record, partition })))

async function open(broker: Broker, notices: string[] = []): Promise<PartitionWork> {
  const { id, partitions } = await broker.admin.describeTopic(prices.name)
  const options = {
    broker,
    analysis,
    origin: { topic: prices.name, id, partition },
    decoder,
    writer: new ResultWriter(analysis),
    backlog: { bytes: 0 },
    onNotice: (notice: string) => notices.push(notice),
    signal,
  }
  return PartitionWork.open(options, partitions[partition]?.start ?? 0)
}

/** Gives a work what is in the topic, from where it wants to go on. */
async function feed(broker: Broker, work: PartitionWork): Promise<void> {
  const { partitions } = await broker.admin.describeTopic(prices.name)
  const reader = broker.openReader({
    topic: prices.name,
    partitions: 'assigned',
    start: new Map([[partition, work.next]]),
    until: new Map([[partition, partitions[partition]?.end ?? 0]]),
    signal,
  })
  for await (const batch of reader) await work.take(batch)
}

/** Works on the partition to its end, from a process of its own. */
async function workToEnd(broker: Broker, notices: string[] = []): Promise<void> {
  const work = await open(broker, notices)
  await feed(broker, work)
  await work.commit()
  await work.close()
}

const bars = (...days: readonly number[]): OutgoingRecord[] =>
  days.flatMap((day) => ['A', 'B'].map((symbol) => barRecord(symbol, dayOf(day), day)))

/** What is committed: the newest of every key. */
async function committedIn(broker: Broker, topic: string): Promise<ReadonlyMap<string, string>> {
  const newest = new Map<string, string>()
  for (const { key, value } of await readCommitted(broker, topic)) {
    if (value === null) newest.delete(key)
    else newest.set(key, value)
  }
  return new Map([...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

const statesIn = async (broker: Broker): Promise<ReadonlyMap<string, string>> => committedIn(broker, states.name)
const resultsIn = async (broker: Broker): Promise<ReadonlyMap<string, string>> => committedIn(broker, analysis.group)

describe('work on a partition', () => {
  it('commits results, refused records, states and the position together, and goes on behind them', async () => {
    const broker = await brokerWith([...bars(0, 1), { key: 'A', value: '7' }])
    const work = await open(broker)
    await feed(broker, work)
    assert.deepEqual([work.next, work.isDirty, work.refused, work.committedNext], [5, true, 1, 0])
    for (const topic of [analysis.group, quarantine.name, states.name]) {
      assert.deepEqual(await readCommitted(broker, topic), [])
    }
    assert.equal(await work.commit(), 5)
    assert.deepEqual([work.isDirty, work.committedNext], [false, 5])
    assert.deepEqual([...(await resultsIn(broker)).keys()], [`["A","${dayOf(1)}"]`, `["B","${dayOf(1)}"]`])
    assert.equal((await readCommitted(broker, quarantine.name)).length, 1)
    assert.deepEqual([...(await statesIn(broker)).keys()], ['["A"]', '["B"]', checkpointKey])
    await add(broker, bars(2))
    const heir = await open(broker)
    assert.equal(heir.next, 5)
    await feed(broker, heir)
    await heir.commit()
    assert.equal((await resultsIn(broker)).size, 4)
    await heir.close()
  })

  it('writes only the states that changed', async () => {
    const broker = await brokerWith(bars(0))
    const work = await open(broker)
    await feed(broker, work)
    await work.commit()
    await add(broker, [barRecord('B', dayOf(1), 1)])
    await feed(broker, work)
    await work.commit()
    const keys = (await readCommitted(broker, states.name)).map(({ key }) => key)
    assert.deepEqual(keys, ['["A"]', '["B"]', checkpointKey, '["B"]', checkpointKey])
    assert.equal(await work.commit(), 3)
    assert.equal((await readTopic(broker, states.name)).length, 5, 'and nothing where nothing did')
    await work.close()
  })

  it('belongs to whoever opened it last: what the one before still does is refused and not seen', async () => {
    const broker = await brokerWith(bars(0, 1))
    const first = await open(broker)
    await feed(broker, first)
    const second = await open(broker)
    await assert.rejects(first.commit(), { code: 'fenced' })
    await add(broker, bars(2))
    await assert.rejects(feed(broker, first), { code: 'fenced' })
    await first.close()
    assert.deepEqual(await readCommitted(broker, analysis.group), [])
    await feed(broker, second)
    assert.equal(await second.commit(), 6)
    assert.equal((await readCommitted(broker, analysis.group)).length, 4)
    await second.close()
  })

  it('takes back what it has not committed when it is closed', async () => {
    const broker = await brokerWith(bars(0, 1))
    const work = await open(broker)
    await feed(broker, work)
    await settle()
    await work.close()
    assert.equal((await readTopic(broker, analysis.group)).length, 2)
    assert.deepEqual(await readCommitted(broker, analysis.group), [])
  })

  it('wants a commit when very many states have changed', async () => {
    const count = 50_000
    const broker = await brokerWith(Array.from({ length: count }, (_, i) => barRecord(`S${i}`, dayOf(0), 1)))
    const work = await open(broker)
    await feed(broker, work)
    assert.equal(work.isFull, true)
    await work.commit()
    assert.equal(work.isFull, false)
    await work.close()
    await add(broker, [barRecord('S7', dayOf(1), 1)])
    await workToEnd(broker)
    assert.deepEqual([...(await resultsIn(broker)).keys()], [`["S7","${dayOf(1)}"]`])
  })
})

describe('sending', () => {
  it('that is slow holds the folding back', async () => {
    const count = 60_000
    const broker = await brokerWith(Array.from({ length: count }, (_, i) => barRecord('A', dayOf(i), 1)))
    const gate = Promise.withResolvers<void>()
    const slow = intercept(broker, {
      async onSend(_topic, send) {
        await gate.promise
        await send()
      },
    })
    const work = await open(slow)
    const feeding = feed(slow, work)
    for (let turn = 0; turn < 200; turn++) await settle()
    assert.ok(work.next > 0 && work.next < 25_000, `${work.next} of ${count} records taken`)
    gate.resolve()
    await feeding
    assert.equal(work.next, count)
    await work.commit()
    assert.equal((await readCommitted(broker, analysis.group)).length, count - 1)
    await work.close()
  })

  it('keeps the order of what was folded', async () => {
    const broker = await brokerWith([])
    let sends = 0
    const uneven = intercept(broker, {
      async onSend(_topic, send) {
        for (let turn = ++sends % 3; turn > 0; turn--) await settle()
        await send()
      },
    })
    const work = await open(uneven)
    for (let day = 0; day < 12; day++) {
      await add(broker, [barRecord('A', dayOf(day), day)])
      await feed(broker, work)
    }
    await work.commit()
    assert.deepEqual(
      (await readCommitted(broker, analysis.group)).map(({ key }) => key),
      Array.from({ length: 11 }, (_, day) => `["A","${dayOf(day + 1)}"]`),
    )
    await work.close()
  })

  it('goes on while a commit is under way, for the next one', async () => {
    const broker = await brokerWith(bars(0, 1))
    const gate = Promise.withResolvers<void>()
    let commits = 0
    const slow = intercept(broker, {
      async onTransaction(call, act) {
        if (call === 'commit' && ++commits === 1) await gate.promise
        await act()
      },
    })
    const work = await open(slow)
    await feed(broker, work)
    const committing = work.commit()
    await settle()
    await add(broker, bars(2))
    await feed(broker, work)
    assert.deepEqual([work.next, work.isDirty, work.committedNext], [6, true, 0])
    gate.resolve()
    assert.equal(await committing, 4)
    await settle()
    assert.equal((await resultsIn(broker)).size, 2, 'what was folded meanwhile is not committed with it')
    const checkpoint = (await statesIn(broker)).get(checkpointKey)
    assert.equal(JSON.parse(checkpoint ?? '').next, 4)
    // Whoever follows now begins where the states stand, and finds the same.
    const heir = await open(broker)
    assert.equal(heir.next, 4)
    await feed(broker, heir)
    await heir.commit()
    assert.equal((await readCommitted(broker, analysis.group)).length, 4)
    await heir.close()
    await work.close()
  })

  it('that fails fails the work, at the next batch and at the commit, and nothing is committed', async () => {
    for (const failing of [analysis.group, quarantine.name, states.name]) {
      const broker = await brokerWith([...bars(0, 1), { key: 'A', value: '7' }])
      const broken = intercept(broker, {
        onSend: (topic, send) => (topic === failing ? Promise.reject(new Error(`no ${topic}`)) : send()),
      })
      const work = await open(broken)
      await feed(broker, work)
      await settle()
      await add(broker, bars(2))
      if (failing !== states.name) await assert.rejects(feed(broker, work), { message: `no ${failing}` })
      for (let time = 0; time < 2; time++) await assert.rejects(work.commit(), { message: `no ${failing}` })
      await assert.rejects(feed(broker, work), { message: `no ${failing}` })
      await work.close()
      assert.deepEqual([work.committedNext, (await readCommitted(broker, analysis.group)).length], [0, 0])
    }
  })

  it('that waits for a broker which is away does not hold up the closing', async () => {
    const broker = await brokerWith(bars(0, 1))
    const waiting = Promise.withResolvers<void>()
    const away = intercept(broker, {
      onSend: () => waiting.promise,
      async onTransaction(call, act) {
        if (call === 'close') waiting.reject(new Error('closed'))
        await act()
      },
    })
    const work = await open(away)
    await feed(broker, work)
    await work.close()
    assert.deepEqual(await readTopic(broker, analysis.group), [])
  })
})

interface Outcome {
  readonly results: unknown
  readonly states: unknown
}

/** What a partition with these bars is where nothing goes wrong; the topic's id is that of another broker. */
async function undamaged(days: readonly number[], broker: Broker): Promise<Outcome> {
  const sound = await brokerWith(bars(...days))
  await workToEnd(sound)
  const { id: theirs } = await sound.admin.describeTopic(prices.name)
  const { id: ours } = await broker.admin.describeTopic(prices.name)
  const found = [...(await statesIn(sound))].map(([key, value]) => [key, value.replace(theirs, ours)])
  return { results: [...(await resultsIn(sound))], states: found }
}

async function outcomeOf(broker: Broker): Promise<Outcome> {
  return { results: [...(await resultsIn(broker))], states: [...(await statesIn(broker))] }
}

describe('a stored state that is refused', () => {
  const damaged = { key: '["A"]', value: '{"date":"2000-01-01","highs":[9],"lows":[9]}', partition }
  const tooMany = { key: '["Z"]', value: damaged.value, partition }
  const garbage = { key: 'garbage', value: 'garbage', partition }
  const place = `the stored state of ${analysis.group} for prices/${partition}`

  /** A partition that was worked on, whose state was damaged then, and to which more has come since. */
  const damagedBroker = async (): Promise<Broker> => {
    const broker = await brokerWith(bars(0, 1, 2))
    await workToEnd(broker)
    await sendTo(broker, states.name, damaged, tooMany, garbage)
    await add(broker, bars(3, 4))
    return broker
  }

  it('is computed again from the log, which is said, and then is what it would have been', async () => {
    const broker = await damagedBroker()
    const notices: string[] = []
    await workToEnd(broker, notices)
    assert.deepEqual(notices, [`${place} cannot be read for key garbage: it is computed again from the log`])
    assert.deepEqual(await outcomeOf(broker), await undamaged([0, 1, 2, 3, 4], broker))
    assert.equal((await statesIn(broker)).has(tooMany.key), false, 'keys that were there too many are deleted')
    notices.length = 0
    await workToEnd(broker, notices)
    assert.deepEqual(notices, [], 'once')
  })

  it('is computed again whenever that is interrupted, at any step', async () => {
    const broker = await damagedBroker()
    const whole = new MortalProcess(broker, { batchRecordsMax: 3 })
    await workToEnd(whole.broker)
    assert.ok(whole.steps > 10)
    for (let killAtStep = 1; killAtStep <= whole.steps; killAtStep++) {
      const again = await damagedBroker()
      const mortal = new MortalProcess(again, { killAtStep, batchRecordsMax: 3 })
      await workToEnd(mortal.broker).catch((error: unknown) => assert.match(String(error), /killed/))
      assert.equal(mortal.isDead, true)
      await workToEnd(again)
      assert.deepEqual(await outcomeOf(again), await undamaged([0, 1, 2, 3, 4], again), `killed at step ${killAtStep}`)
    }
  })

  it('is not computed again where the log no longer holds its beginning', async () => {
    const broker = await brokerWith(bars(0, 1, 2), 3_000)
    await workToEnd(broker)
    await sendTo(broker, states.name, damaged)
    await add(broker, bars(3, 4, 5, 6, 7))
    const { start = 0 } = (await broker.admin.describeTopic(prices.name)).partitions[partition] ?? {}
    assert.ok(start > 0)
    const notices: string[] = []
    const message = `${place} is not what was written, and the log no longer holds offset 0, where it began`
    await assert.rejects(open(broker, notices), { code: 'state-damaged', message, hint: /--fresh/ })
    assert.deepEqual(notices, [])
    const kept = await statesIn(broker)
    assert.equal(kept.get('["A"]'), damaged.value, 'it is left alone')
  })

  it('that began behind the start of the log is computed again from there', async () => {
    const broker = await brokerWith([], 3_000)
    await add(broker, bars(0, 1, 2, 3, 4, 5, 6, 7))
    const { start = 0 } = (await broker.admin.describeTopic(prices.name)).partitions[partition] ?? {}
    assert.ok(start > 0)
    await workToEnd(broker)
    const sound = await outcomeOf(broker)
    await sendTo(broker, states.name, damaged)
    const notices: string[] = []
    await workToEnd(broker, notices)
    assert.equal(notices.length, 1)
    assert.deepEqual(await outcomeOf(broker), sound)
  })

  it('that stands for another log is neither used nor touched', async () => {
    const broker = await damagedBroker()
    const before = await readTopic(broker, states.name)
    await broker.admin.deleteTopics([prices.name])
    await broker.admin.ensureTopics([prices])
    await assert.rejects(open(broker), { code: 'topic-mismatch' })
    assert.deepEqual(await readTopic(broker, states.name), before)
  })
})
