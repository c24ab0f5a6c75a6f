import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { packRecords } from '../../src/broker/memory/pack-records.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import { partitionOf } from '../../src/model/partition.ts'
import { type AnalysisOptions, type AnalysisProgress, runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { checkpointKey } from '../../src/pipelines/state-log.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { stateTopic } from '../../src/topics/state.ts'
import { dayOf } from '../analyses/histories.ts'
import { settle } from './hand-clock.ts'
import { hurryTime } from './hurried-time.ts'
import { intercept, methodsOf } from './intercepted-broker.ts'
import { barRecord, readCommitted, readNewest, readTopic, sendTo } from './topic-records.ts'

const time = hurryTime()
const running = new AbortController().signal
const sentAt = Date.UTC(2015, 0, 5)
const aroon = chooseAnalysis('aroon', { period: '1' })

async function brokerWith(...records: readonly OutgoingRecord[]): Promise<Broker> {
  const broker = createMemoryBroker({ now: () => sentAt })
  await broker.admin.ensureTopics([prices, quarantine, resultTopic(aroon.group)])
  await sendTo(broker, prices.name, ...records)
  return broker
}

function run(broker: Broker, options: Partial<AnalysisOptions> = {}): Promise<AnalysisProgress> {
  return time.during(runAnalysis({ broker, analysis: aroon, untilEnd: true, signal: running, ...options }))
}

/** Writes bytes that no client of ours would: the in-process log takes text, so a reader puts them in place. */
function withBytes(broker: Broker, bytesByText: Readonly<Record<string, Uint8Array>>): Broker {
  return {
    ...broker,
    openReader(options) {
      const reader = broker.openReader(options)
      return {
        ...methodsOf(reader),
        async *[Symbol.asyncIterator]() {
          for await (const batch of reader) {
            const { topic, partition, next, end } = batch
            const records = batch.records.map((record) => ({
              ...record,
              value: bytesByText[Buffer.from(record.value ?? []).toString()] ?? record.value,
            }))
            yield { topic, partition, packed: packRecords(records), records, next, end }
          }
        },
      }
    },
  }
}

const partitionOfA = partitionOf('A', prices.partitions)

describe('an analysis at work', () => {
  it('publishes its results under their keys, each with when and from which record it came', async () => {
    const broker = await brokerWith(
      barRecord('A', '2015-01-05', 1),
      barRecord('A', '2015-01-06', 2),
      barRecord('A', '2015-01-07', 3),
    )
    const progress = await run(broker)
    const result = (date: string, offset: number): unknown => {
      const from = { topic: 'prices', partition: partitionOfA, offset }
      return { symbol: 'A', date, up: 100, down: 0, oscillator: 100, sentAt, from }
    }
    assert.deepEqual(
      [...(await readNewest(broker, aroon.group))],
      [
        ['["A","2015-01-06"]', result('2015-01-06', 1)],
        ['["A","2015-01-07"]', result('2015-01-07', 2)],
      ],
    )
    assert.deepEqual(progress, { records: 3, refused: 0, lagRecords: 0, newestSentAt: sentAt, partitions: [] })
  })

  it('works up to what was the end when it began, tells the group, and goes on from there', async () => {
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1), barRecord('A', '2015-01-06', 2))
    assert.equal((await run(broker)).records, 2)
    assert.equal((await broker.admin.committed(aroon.group, prices.name)).get(partitionOfA), 2)
    await sendTo(broker, prices.name, barRecord('A', '2015-01-07', 3))
    assert.equal((await run(broker)).records, 1)
    assert.equal((await run(broker)).records, 0)
    assert.equal((await readCommitted(broker, aroon.group)).length, 2)
    assert.equal((await broker.admin.committed(aroon.group, prices.name)).get(partitionOfA), 3)
  })

  it('ends at the end that was, however much arrives meanwhile, and leaves no record out', async () => {
    const broker = await brokerWith(barRecord('A', dayOf(0), 0), barRecord('A', dayOf(1), 1))
    let sent = 2
    const flooded = intercept(broker, {
      batchRecordsMax: () => 1,
      async onSend(topic, send) {
        await settle()
        await send()
        if (topic === aroon.group) await sendTo(broker, prices.name, barRecord('A', dayOf(sent), sent++))
      },
    })
    const first = await run(flooded)
    assert.ok(first.records >= 2)
    assert.equal(first.records + (await run(broker)).records, sent)
    assert.equal((await readCommitted(broker, aroon.group)).length, sent - 1)
  })

  it('goes on with what arrives until the signal aborts, and tells its lag', async () => {
    const broker = await brokerWith(...Array.from({ length: 10 }, (_, i) => barRecord('A', dayOf(i), i)))
    const abort = new AbortController()
    const told: AnalysisProgress[] = []
    const working = run(intercept(broker, { batchRecordsMax: () => 4 }), {
      untilEnd: false,
      signal: abort.signal,
      onProgress: (progress) => told.push(progress),
    })
    await settle()
    await sendTo(broker, prices.name, barRecord('A', dayOf(10), 1))
    await settle()
    abort.abort()
    assert.equal((await working).records, 11)
    assert.deepEqual(
      told.map(({ records, lagRecords }) => [records, lagRecords]),
      [
        [4, 6],
        [8, 2],
        [10, 0],
        [11, 0],
      ],
    )
    assert.deepEqual(told.at(-1)?.partitions, [0, 1, 2, 3])
  })

  it('stops within seconds when the group does not answer', async () => {
    const broker = await brokerWith(...Array.from({ length: 10 }, (_, i) => barRecord('A', dayOf(i), i)))
    const abort = new AbortController()
    const notices: string[] = []
    let asked = 0
    const silent = intercept(broker, { onCommit: () => new Promise(() => asked++) })
    const working = run(silent, { untilEnd: false, signal: abort.signal, onNotice: (notice) => notices.push(notice) })
    await settle()
    abort.abort()
    assert.equal((await working).records, 10)
    assert.ok(asked > 0)
    assert.deepEqual(notices, [], 'all is committed')
    assert.equal((await run(broker)).records, 0)
  })

  it('stops within seconds when a commit is not answered, says so, and does that part again', async () => {
    const broker = await brokerWith(...Array.from({ length: 10 }, (_, i) => barRecord('A', dayOf(i), i)))
    const abort = new AbortController()
    const notices: string[] = []
    const giveUp = new Map<string, () => void>()
    const silent = intercept(broker, {
      async onTransaction(call, act, id) {
        const closed = new WindsockError('broker-unreachable', `${id} is closed`)
        if (call === 'commit') return new Promise((_, reject) => giveUp.set(id, () => reject(closed)))
        if (call === 'close') giveUp.get(id)?.()
        await act()
      },
    })
    const working = run(silent, { untilEnd: false, signal: abort.signal, onNotice: (notice) => notices.push(notice) })
    await settle()
    abort.abort()
    assert.equal((await working).records, 10)
    assert.equal(giveUp.size, 1, 'one partition has records')
    assert.deepEqual(notices, ['the broker does not answer: what is not committed will be done again'])
    assert.equal((await run(broker)).records, 10)
    assert.equal((await readCommitted(broker, aroon.group)).length, 9)
  })

  it('takes every record of a JSON array', async () => {
    const bars = Array.from({ length: 3 }, (_, i) => barRecord('A', dayOf(i), i).value)
    const broker = await brokerWith({ key: 'A', value: `[${bars.join(', ')}]` })
    const progress = await run(broker)
    assert.deepEqual([progress.records, progress.refused], [1, 0])
    assert.deepEqual(
      [...(await readNewest(broker, aroon.group)).keys()],
      [`["A","${dayOf(1)}"]`, `["A","${dayOf(2)}"]`],
    )
  })

  it('sets aside what does not fit, with its place in the topic and the reason, and goes on', async () => {
    const bad: readonly (readonly [string | null, string])[] = [
      [null, 'the message has no value or is not valid UTF-8'],
      ['bytes', 'the message has no value or is not valid UTF-8'],
      ['', 'not JSON'],
      ['{"Label":', 'not JSON'],
      ['{"Date":"2015-01-05","Open":NaN,"High":1,"Low":1,"Close":1,"Label":"A"}', 'not JSON'],
      ['{"Date":"2015-01-05","Open":1,"High":"NaN","Low":1,"Close":1,"Label":"A"}', 'High: "NaN" is not a number'],
      ['{"Date":"2015-01-05","Open":1,"High":1e999,"Low":1,"Close":1,"Label":"A"}', 'High: "Infinity" is not a number'],
      ['{"__proto__":{"Close":1},"Label":"A"}', 'the record has a member named __proto__'],
      ['7', 'not a JSON object or an array of them'],
      ['{}', 'Date is missing'],
      ['{"Date":"2015-01-05","Open":1,"High":1,"Low":1,"Close":1,"Label":null}', 'Label is empty'],
      [String(barRecord('A', '1999-12-31', 1).value), 'older than the newest bar of A, 2015-01-05'],
    ]
    const records = bad.map(([value]) => ({ key: 'A', value }))
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1), ...records, barRecord('A', '2015-01-06', 2))
    const progress = await run(withBytes(broker, { bytes: Buffer.from([0x7b, 0xff, 0x7d]) }))
    assert.deepEqual([progress.records, progress.refused], [bad.length + 2, bad.length])
    const entries = await readNewest(broker, quarantine.name)
    const origins = bad.map((_, index) => `prices/${partitionOfA}:${index + 1}`)
    assert.deepEqual([...entries.keys()], origins.toSorted())
    origins.forEach((origin, index) => {
      const [value = null, reason] = bad[index] ?? []
      const sample = value === null || value === 'bytes' ? '' : value
      const { sample: kept, ...entry } = Object(entries.get(origin))
      assert.deepEqual(entry, { origin, reason, by: aroon.group })
      assert.equal(kept, sample)
    })
    assert.deepEqual([...(await readNewest(broker, aroon.group)).keys()], ['["A","2015-01-06"]'])
  })

  it('numbers the refused records of one array', async () => {
    const good = String(barRecord('A', '2015-01-05', 1).value)
    const broker = await brokerWith({ key: 'A', value: `[7, ${good}, {}, ${good.replace('2015', '2014')}]` })
    assert.deepEqual((await run(broker)).refused, 3)
    const origin = `prices/${partitionOfA}:0`
    assert.deepEqual([...(await readNewest(broker, quarantine.name)).keys()], [origin, `${origin}#2`, `${origin}#3`])
  })

  it('keeps symbols with hostile names apart', async () => {
    const symbols = ['__proto__', 'constructor', 'a,"b"', '\ud800', '\ud801', 'A\u0000', 'A']
    const bars = symbols.flatMap((symbol) => [barRecord(symbol, dayOf(0), 1), barRecord(symbol, dayOf(1), 2)])
    const broker = await brokerWith(...bars)
    await run(broker)
    const results = [...(await readNewest(broker, aroon.group)).values()].map((result) => Object(result).symbol)
    assert.deepEqual(new Set(results), new Set(symbols))
  })

  it('gives up a state that stands for a topic which was made anew', async () => {
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1))
    await run(broker)
    await broker.admin.deleteTopics([prices.name])
    await broker.admin.ensureTopics([prices])
    await sendTo(broker, prices.name, barRecord('A', '2015-01-05', 1), barRecord('A', '2015-01-06', 1))
    for (const untilEnd of [true, false]) await assert.rejects(run(broker, { untilEnd }), { code: 'topic-mismatch' })
    assert.deepEqual(await readTopic(broker, aroon.group), [])
  })

  it('goes on from the states that it keeps, one of every key', async () => {
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1), barRecord('B', '2015-01-05', 1))
    await run(broker)
    const states = await readCommitted(broker, stateTopic(aroon.group, prices.partitions).name)
    const found = states.filter(({ key }) => key !== checkpointKey)
    assert.deepEqual(
      new Map(found.map(({ partition, key, value }) => [key, [partition, value]])),
      new Map(
        ['A', 'B'].map((symbol) => {
          const state = '{"date":"2015-01-05","highs":[1],"lows":[1]}'
          return [`["${symbol}"]`, [partitionOf(symbol, prices.partitions), state]]
        }),
      ),
    )
    await sendTo(broker, prices.name, barRecord('A', '2015-01-06', 2))
    assert.equal((await run(broker)).records, 1)
    assert.deepEqual([...(await readNewest(broker, aroon.group)).keys()], ['["A","2015-01-06"]'])
  })

  it('computes a state that is damaged again from the log, and says so', async () => {
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1), barRecord('B', '2015-01-05', 1))
    await run(broker)
    const damaged = { key: '["A"]', value: '{"date":"2015-01-05","highs":[2],"lows":[2]}', partition: partitionOfA }
    await sendTo(broker, stateTopic(aroon.group, prices.partitions).name, damaged)
    await sendTo(broker, prices.name, barRecord('A', '2015-01-06', 2), barRecord('B', '2015-01-06', 2))
    const notices: string[] = []
    await run(broker, { onNotice: (notice) => notices.push(notice) })
    const place = `${aroon.group} for prices/${partitionOfA}`
    assert.deepEqual(notices, [
      `the stored state of ${place} is not what was written: it is computed again from the log`,
    ])
    const results = await readNewest(broker, aroon.group)
    assert.deepEqual([...results.keys()], ['["A","2015-01-06"]', '["B","2015-01-06"]'])
    assert.equal(Object(results.get('["A","2015-01-06"]')).up, 100)
    notices.length = 0
    await run(broker, { onNotice: (notice) => notices.push(notice) })
    assert.deepEqual(notices, [])
  })

  it('begins at the earliest record that the topic still holds, and ends when that is lost behind its state', async () => {
    const broker = createMemoryBroker({ now: () => sentAt, partitionBytesMax: 1_500 })
    await broker.admin.ensureTopics([prices, quarantine, resultTopic(aroon.group)])
    const send = async (from: number, to: number): Promise<void> => {
      for (let day = from; day < to; day++) await sendTo(broker, prices.name, barRecord('A', dayOf(day), day))
    }
    await send(0, 10)
    const { start = 0 } = (await broker.admin.describeTopic(prices.name)).partitions[partitionOfA] ?? {}
    assert.ok(start > 0)
    assert.equal((await run(broker)).records, 10 - start)
    await send(10, 40)
    await assert.rejects(run(broker), { code: 'position-lost' })
  })

  it('says topic-missing when there is nothing to read', async () => {
    await assert.rejects(run(createMemoryBroker()), { code: 'topic-missing' })
  })
})

describe('several processes of one analysis', () => {
  const symbols = Array.from({ length: 12 }, (_, index) => `S${index}`)
  const bars = (from: number, to: number): OutgoingRecord[] =>
    symbols.flatMap((symbol) => Array.from({ length: to - from }, (_, i) => barRecord(symbol, dayOf(from + i), i)))

  it('share the partitions, and tell which each has', async () => {
    const broker = await brokerWith(...bars(0, 2))
    const abort = new AbortController()
    const told: AnalysisProgress[] = []
    const working = [0, 1].map((index) =>
      run(broker, { untilEnd: false, signal: abort.signal, onProgress: (progress) => (told[index] = progress) }),
    )
    await time.pass(500)
    await sendTo(broker, prices.name, ...bars(2, 3))
    await time.pass(500)
    const has = told.map(({ partitions }) => partitions)
    assert.deepEqual([has[0]?.length, has[1]?.length], [2, 2])
    assert.deepEqual(
      has.flat().toSorted((a, b) => a - b),
      [0, 1, 2, 3],
    )
    abort.abort()
    const ended = await Promise.all(working)
    assert.ok(ended.every(({ partitions, lagRecords }) => partitions.length === 0 && lagRecords === 0))
    assert.equal((await readCommitted(broker, aroon.group)).length, symbols.length * 2)
  })

  it('end together at the end, whoever had which partition', async () => {
    for (const processes of [2, 3, 6]) {
      const broker = await brokerWith(...bars(0, 5))
      const ended = await Promise.all(Array.from({ length: processes }, () => run(broker)))
      assert.equal(
        ended.reduce((sum, { records }) => sum + records, 0),
        symbols.length * 5,
      )
      assert.equal((await readCommitted(broker, aroon.group)).length, symbols.length * 4)
      const { partitions } = await broker.admin.describeTopic(prices.name)
      const ends = new Map(partitions.flatMap(({ partition, end }) => (end > 0 ? [[partition, end] as const] : [])))
      const committed = await broker.admin.committed(aroon.group, prices.name)
      for (const [partition, end] of ends) assert.equal(committed.get(partition), end)
    }
  })

  it('hand over in order: who stops has committed, who goes on begins there', async () => {
    const broker = await brokerWith(...bars(0, 3))
    const abort = new AbortController()
    const leaver = run(broker, { untilEnd: false, signal: abort.signal })
    await time.pass(50) // nothing is committed yet
    abort.abort()
    assert.equal((await leaver).records, symbols.length * 3)
    await sendTo(broker, prices.name, ...bars(3, 4))
    assert.equal((await run(broker)).records, symbols.length)
    assert.equal((await readTopic(broker, aroon.group)).length, symbols.length * 3, 'nothing is repeated or aborted')
  })

  it('under one member id are one at a time: the one before ends', async () => {
    const broker = await brokerWith(...bars(0, 3))
    const first = run(broker, { memberId: 'same', untilEnd: false })
    const isFenced = assert.rejects(first, { code: 'fenced' })
    await time.pass(50)
    await run(broker, { memberId: 'same' })
    await isFenced
    assert.equal((await readCommitted(broker, aroon.group)).length, symbols.length * 2)
  })
})

describe('an analysis whose transaction the broker gives up', () => {
  it('begins that partition again at what was committed', async () => {
    const broker = await brokerWith(...Array.from({ length: 9 }, (_, i) => barRecord('A', dayOf(i), i)))
    let commits = 0
    const slow = intercept(broker, {
      batchRecordsMax: () => 3,
      transactions: { timeoutMs: 1_000 },
      async onTransaction(call, act) {
        if (call === 'commit' && ++commits === 1) await time.pass(1_500)
        await act()
      },
    })
    const progress = await run(slow)
    assert.equal(progress.records, 18, 'what was lost is folded again')
    const results = await readCommitted(broker, aroon.group)
    assert.deepEqual(
      results.map(({ key }) => key),
      Array.from({ length: 8 }, (_, i) => `["A","${dayOf(i + 1)}"]`),
    )
    assert.ok((await readTopic(broker, aroon.group)).length > results.length, 'something was aborted')
  })
})
