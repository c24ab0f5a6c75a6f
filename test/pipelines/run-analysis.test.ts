import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker, OutgoingRecord, ReadOptions } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import { type AnalysisOptions, type AnalysisProgress, runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { openStateStore } from '../../src/pipelines/state-store.ts'
import { partitionOf } from '../../src/model/partition.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { dayOf } from '../analyses/histories.ts'
import { settle } from './hand-clock.ts'
import { packRecords } from '../../src/broker/memory/pack-records.ts'
import { intercept, methodsOf } from './intercepted-broker.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { barRecord, readNewest, readTopic, sendTo } from './topic-records.ts'

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
  return runAnalysis({ broker, analysis: aroon, stateFolder: undefined, untilEnd: true, signal: running, ...options })
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
    assert.deepEqual(progress, { records: 3, refused: 0, lagRecords: 0, newestSentAt: sentAt })
  })

  it('works up to what was the end when it began, tells the group, and goes on from there', async (t) => {
    const stateFolder = temporaryFolder(t)
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1), barRecord('A', '2015-01-06', 2))
    const late = intercept(broker, {
      async onSend(topic, send) {
        await send()
        if (topic === aroon.group) await sendTo(broker, prices.name, barRecord('A', '2015-01-07', 3))
      },
    })
    assert.equal((await run(late, { stateFolder })).records, 2)
    assert.equal((await broker.admin.committed(aroon.group, prices.name)).get(partitionOfA), 2)
    assert.equal((await run(broker, { stateFolder })).records, 1)
    assert.equal((await run(broker, { stateFolder })).records, 0)
    assert.equal((await readTopic(broker, aroon.group)).length, 2)
    assert.equal((await broker.admin.committed(aroon.group, prices.name)).get(partitionOfA), 3)
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
      // A row that the analysis itself refuses is shown as it was read.
      assert.deepEqual(
        reason?.startsWith('older') ? JSON.parse(kept) : kept,
        reason?.startsWith('older') ? JSON.parse(sample) : sample,
      )
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

  it('gives up a state that stands for a topic which was made anew', async (t) => {
    const stateFolder = temporaryFolder(t)
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1))
    await run(broker, { stateFolder })
    await broker.admin.deleteTopics([prices.name])
    await broker.admin.ensureTopics([prices])
    await sendTo(broker, prices.name, barRecord('A', '2015-01-05', 1), barRecord('A', '2015-01-06', 1))
    await assert.rejects(run(broker, { stateFolder }), { code: 'topic-mismatch' })
    assert.deepEqual(await readTopic(broker, aroon.group), [])
  })

  it('refuses a stored state that is damaged, instead of beginning that key anew', async (t) => {
    const good = '{"date":"2015-01-05","highs":[1],"lows":[1]}'
    const other = '{"date":"2015-01-05","closes":[1]}'
    for (const [key, state] of [
      ...['7', 'null', '{"date":', '', '{}', '{"date":1,"highs":[],"lows":[]}', other].map((text) => ['["B"]', text]),
      ...['', '7', '"B"', '["B","C"]', '[7]', '{}'].map((text) => [text, good]),
    ]) {
      const stateFolder = temporaryFolder(t)
      const broker = await brokerWith(barRecord('A', '2015-01-05', 1), barRecord('B', '2015-01-05', 1))
      await run(broker, { stateFolder })
      const database = new DatabaseSync(join(stateFolder, `${aroon.group}.sqlite`))
      const { changes } = database
        .prepare(`update states set key = ?, state = ? where key = '["B"]'`)
        .run(key ?? null, state ?? null)
      database.close()
      assert.equal(changes, 1)
      await sendTo(broker, prices.name, barRecord('A', '2015-01-06', 2), barRecord('B', '2015-01-06', 2))
      await assert.rejects(run(broker, { stateFolder }), (error: unknown) => {
        assert.ok(error instanceof WindsockError, String(error))
        assert.equal(error.code, 'state-damaged')
        assert.equal(error.message, `the stored state of ${aroon.group} for key ${key} is damaged`)
        assert.match(error.hint ?? '', /--fresh/)
        assert.ok(error.cause instanceof SyntaxError)
        return true
      })
      assert.deepEqual(await readTopic(broker, aroon.group), [])
    }
  })

  it('goes on from a stored state that is sound', async (t) => {
    const stateFolder = temporaryFolder(t)
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1))
    await run(broker, { stateFolder })
    const { id } = await broker.admin.describeTopic(prices.name)
    const store = openStateStore(stateFolder, aroon.group, { topic: prices.name, id })
    assert.deepEqual([...store.states()], [{ key: '["A"]', state: '{"date":"2015-01-05","highs":[1],"lows":[1]}' }])
    store.close()
    await sendTo(broker, prices.name, barRecord('A', '2015-01-06', 2))
    assert.equal((await run(broker, { stateFolder })).records, 1)
    assert.deepEqual([...(await readNewest(broker, aroon.group)).keys()], ['["A","2015-01-06"]'])
  })

  it('says topic-missing when there is nothing to read', async () => {
    await assert.rejects(run(createMemoryBroker()), { code: 'topic-missing' })
  })
})

describe('an analysis that a second process takes over', () => {
  it('is fenced by the group', async (t) => {
    const stateFolder = temporaryFolder(t)
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1))
    const first = run(broker, { stateFolder, untilEnd: false })
    const isFenced = assert.rejects(first, { code: 'fenced' })
    await settle()
    await run(broker, { stateFolder })
    await isFenced
  })

  it('is fenced by the store before it publishes anything more, should the group not have noticed', async (t) => {
    const stateFolder = temporaryFolder(t)
    const broker = await brokerWith(barRecord('A', '2015-01-05', 1))
    const unnoticed = intercept(broker, {
      onRead: ({ topic, start, until, signal }): ReadOptions => ({
        topic,
        start,
        signal,
        ...(until === undefined ? {} : { until }),
      }),
      onCommit: async () => {},
    })
    const first = run(unnoticed, { stateFolder, untilEnd: false })
    const isFenced = assert.rejects(first, { code: 'fenced' })
    await settle()
    await run(unnoticed, { stateFolder })
    await sendTo(broker, prices.name, barRecord('A', '2015-01-06', 2))
    await isFenced
    assert.deepEqual(await readTopic(broker, aroon.group), [])
    assert.equal((await run(broker, { stateFolder })).records, 1)
    assert.equal((await readTopic(broker, aroon.group)).length, 1)
  })
})

/** Where a run dies: at its n-th step, of those between which a crash may fall. */
interface Kill {
  readonly atStep: number
  readonly batchRecordsMax: number
}

/** Before and after every send, and before and after every word to the group; between them lies the store. */
function mortal(broker: Broker, { atStep, batchRecordsMax }: Kill): Broker {
  let steps = 0
  const step = (): void => {
    if (++steps >= atStep) throw new Error('killed')
  }
  const between = async (work: () => Promise<void>): Promise<void> => {
    step()
    await work()
    step()
  }
  return intercept(broker, {
    batchRecordsMax: () => batchRecordsMax,
    onSend: (_topic, send) => between(send),
    onCommit: between,
  })
}

interface Outcome {
  readonly results: unknown
  readonly quarantined: unknown
  readonly states: unknown
  readonly positions: unknown
}

async function outcomeOf(broker: Broker, analysis: ChosenAnalysis, stateFolder: string): Promise<Outcome> {
  const { id } = await broker.admin.describeTopic(prices.name)
  const store = openStateStore(stateFolder, analysis.group, { topic: prices.name, id })
  const states = [...store.states()].toSorted((a, b) => (a.key < b.key ? -1 : 1))
  const positions = [...store.positions].toSorted(([a], [b]) => a - b)
  store.close()
  const results = [...(await readNewest(broker, analysis.group))]
  return { results, quarantined: [...(await readNewest(broker, quarantine.name))], states, positions }
}

describe('an analysis that is killed again and again', () => {
  it('ends with the results, states, positions and quarantine of an uninterrupted one', async (t) => {
    const folder = temporaryFolder(t)
    const symbol = fc.constantFrom('A', 'B', 'C', '__proto__', '\ud800', 'é"')
    const bar = fc
      .tuple(symbol, fc.nat({ max: 12 }), fc.integer({ min: -2, max: 2 }))
      .map(([name, day, close]) => barRecord(name, dayOf(day), close))
    const array = fc
      .array(
        fc.oneof(
          fc.constant('7'),
          fc.nat({ max: 12 }).map((day) => barRecord('A', dayOf(day), 1).value ?? ''),
        ),
      )
      .map((values) => ({ key: 'A', value: `[${values.join()}]` }))
    const garbage = fc.constantFrom('', 'NaN', '{}').map((value) => ({ key: 'B', value }))
    const record = fc.oneof(
      { weight: 8, arbitrary: bar },
      { weight: 1, arbitrary: array },
      { weight: 1, arbitrary: garbage },
    )
    const kill = fc.record<Kill>({
      atStep: fc.integer({ min: 1, max: 14 }),
      batchRecordsMax: fc.integer({ min: 1, max: 6 }),
    })
    const analyses = [aroon, chooseAnalysis('bollinger', { period: '2' })]
    let turn = 0
    let struck = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.array(kill, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...analyses),
        async (records, kills, analysis) => {
          const broker = createMemoryBroker({ now: () => sentAt })
          await broker.admin.ensureTopics([prices])
          await sendTo(broker, prices.name, ...records)
          const outcomes: Outcome[] = []
          for (const points of [[], kills]) {
            const stateFolder = join(folder, String(turn++))
            mkdirSync(stateFolder)
            await broker.admin.ensureTopics([quarantine, resultTopic(analysis.group)])
            for (const point of points) {
              try {
                await run(mortal(broker, point), { analysis, stateFolder })
              } catch (error) {
                assert.match(String(error), /killed/)
                struck++
              }
            }
            await run(intercept(broker, { batchRecordsMax: () => 7 }), { analysis, stateFolder })
            outcomes.push(await outcomeOf(broker, analysis, stateFolder))
            await broker.admin.deleteTopics([quarantine.name, analysis.group])
            await broker.admin.deleteGroups([analysis.group])
          }
          assert.deepEqual(outcomes[1], outcomes[0])
        },
      ),
      { numRuns: 60 },
    )
    assert.ok(struck > 60)
  })

  it('counts what it refused once, however often it is read', async (t) => {
    const stateFolder = temporaryFolder(t)
    const broker = await brokerWith(
      { key: 'A', value: '7' },
      { key: 'A', value: '{}' },
      barRecord('A', '2015-01-05', 1),
    )
    for (const atStep of [2, 2, 2]) {
      await assert.rejects(run(mortal(broker, { atStep, batchRecordsMax: 9 }), { stateFolder }), /killed/)
    }
    assert.equal((await run(broker, { stateFolder })).refused, 2)
    assert.ok((await readTopic(broker, quarantine.name)).length > 2)
    assert.equal((await readNewest(broker, quarantine.name)).size, 2)
  })

  it('by a signal between publishing and storing finishes its batch first', async (t) => {
    const stateFolder = temporaryFolder(t)
    const broker = await brokerWith(...Array.from({ length: 9 }, (_, i) => barRecord('A', dayOf(i), i)))
    const abort = new AbortController()
    const stopping = intercept(broker, {
      batchRecordsMax: () => 3,
      async onSend(_topic, send) {
        await send()
        abort.abort()
      },
    })
    assert.equal((await run(stopping, { stateFolder, signal: abort.signal })).records, 3)
    assert.equal((await run(broker, { stateFolder })).records, 6)
    assert.equal((await readTopic(broker, aroon.group)).length, 8)
  })
})
