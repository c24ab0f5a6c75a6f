import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import type { BarFields } from '../../src/model/bar.ts'
import { partitionOf } from '../../src/model/partition.ts'
import { publishSource, type PublishOptions, type PublishProgress } from '../../src/pipelines/publish-source.ts'
import { rowHeader, rowMark } from '../../src/pipelines/sent-rows.ts'
import type { Pace } from '../../src/sources/pace.ts'
import { createPricesCsv } from '../../src/sources/prices-csv.ts'
import type { Source } from '../../src/sources/source.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { JumpingClock } from '../sources/jumping-clock.ts'
import { writeFile } from '../sources/written-files.ts'
import { barFrames, barSource } from './bar-source.ts'
import { settle } from './hand-clock.ts'
import { intercept } from './intercepted-broker.ts'
import { barRecord, readNewest, readTopic, sendTo } from './topic-records.ts'

const running = new AbortController().signal

async function openBroker(): Promise<Broker> {
  const broker = createMemoryBroker()
  await broker.admin.ensureTopics([prices, quarantine])
  return broker
}

function publish(
  broker: Broker,
  source: Source<BarFields>,
  options: Partial<PublishOptions<BarFields>> = {},
): Promise<PublishProgress> {
  const clock = new JumpingClock()
  const pace: Pace = { kind: 'max' }
  return publishSource({ broker, source, stream: prices, clock, pace, resume: false, signal: running, ...options })
}

/** The numbers of the rows on the topic, as they were sent in each partition. */
async function rowsByPartition(broker: Broker): Promise<number[][]> {
  const rows: number[][] = Array.from({ length: prices.partitions }, () => [])
  for (const { partition, value } of await readTopic(broker, prices.name)) {
    rows[partition]?.push(JSON.parse(value ?? '').Close)
  }
  return rows
}

/** The numbers of the rows in each partition, were each sent once and in order. */
function expectedRows(symbols: readonly string[]): number[][] {
  return Array.from({ length: prices.partitions }, (_, partition) =>
    symbols.flatMap((symbol, row) => (partitionOf(symbol, prices.partitions) === partition ? [row] : [])),
  )
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, row) => row)
const lettersOf = (count: number): string[] => upTo(count).map((row) => 'ABCDEFGHIJ'.charAt(row % 10))

describe('publishing a source', () => {
  it('sends every row once, in order, to the partition of its key, with the time of sending', async () => {
    const broker = await openBroker()
    const symbols = lettersOf(95)
    const clock = new JumpingClock()
    const told: PublishProgress[] = []
    const totals = await publish(broker, barSource(barFrames(symbols, 10)), {
      clock,
      onProgress: (progress) => told.push(progress),
    })
    assert.deepEqual(await rowsByPartition(broker), expectedRows(symbols))
    const records = await readTopic(broker, prices.name)
    for (const { key, value, headers } of records) {
      assert.equal(JSON.parse(value ?? '').Label, key)
      assert.equal(JSON.parse(value ?? '').ts, clock.time / 1000)
      assert.equal(headers.size, 0)
    }
    const bytes = records.reduce((sum, { value }) => sum + Buffer.byteLength(value ?? ''), 0)
    const newestSentAt = clock.time
    assert.deepEqual(totals, { sent: 95, acknowledged: 95, refused: 0, skipped: 0, bytes, newestSentAt })
    assert.deepEqual(told.at(-1), totals)
    assert.ok(told.every(({ sent, acknowledged }) => acknowledged <= sent))
  })

  it('sets rows that do not fit aside, with the line of the file they come from and the reason', async (t) => {
    const header = 'Date,Open,High,Low,Close,Label'
    const lines = [header, '2015-01-05,1,1,1,1,A', '2015-01-06,1,1,1,NaN,A', '2015-01-07,1', '2015-01-08,1,1,1,2,A']
    const path = writeFile(t, 'bars.csv', lines.join('\n'))
    const broker = await openBroker()
    const totals = await publish(broker, await createPricesCsv([path]))
    assert.deepEqual([totals.sent, totals.refused], [2, 2])
    assert.deepEqual(
      await readNewest(broker, quarantine.name),
      new Map([
        [
          `${path}:3`,
          {
            origin: `${path}:3`,
            reason: 'Close: "NaN" is not a number',
            sample: '2015-01-06,1,1,1,NaN,A',
            by: 'prices-csv',
          },
        ],
        [
          `${path}:4`,
          {
            origin: `${path}:4`,
            reason: 'the row has 2 cells where the header has 6',
            sample: '2015-01-07,1',
            by: 'prices-csv',
          },
        ],
      ]),
    ) // one entry each
  })

  it('sets a refused row aside once, however many slices its frame is cut into', async () => {
    const broker = await openBroker()
    const totals = await publish(broker, barSource(barFrames(['A', '!', 'B', 'A', '!', 'C'], 6)), {
      pace: { kind: 'rate', perSecond: 1 },
    })
    assert.deepEqual([totals.sent, totals.refused], [4, 2])
    assert.equal((await readTopic(broker, quarantine.name)).length, 2)
  })

  it('sends the history at once and the rest at its pace', async () => {
    const broker = await openBroker()
    const clock = new JumpingClock()
    const begin = clock.time
    await publish(broker, barSource(barFrames(lettersOf(20), 7)), {
      clock,
      history: 12,
      pace: { kind: 'rate', perSecond: 2 },
    })
    const sentAt = new Map<number, number>()
    for (const { value } of await readTopic(broker, prices.name)) {
      const { Close: row, ts } = JSON.parse(value ?? '')
      sentAt.set(row, Math.round(ts * 1000 - begin))
    }
    const paced = upTo(8).map((row) => row * 500)
    assert.deepEqual(
      upTo(20).map((row) => sentAt.get(row)),
      [...upTo(12).map(() => 0), ...paced],
    )
  })

  it('has one request under way and makes the next rows meanwhile', async () => {
    const broker = await openBroker()
    let underWay = 0
    let mostUnderWay = 0
    const slow = intercept(broker, {
      async onSend(_topic, send) {
        mostUnderWay = Math.max(mostUnderWay, ++underWay)
        await settle()
        await send()
        underWay--
      },
    })
    const told: PublishProgress[] = []
    await publish(slow, barSource(barFrames(lettersOf(60), 10)), { onProgress: (progress) => told.push(progress) })
    assert.equal(mostUnderWay, 1)
    assert.equal(Math.max(...told.map(({ sent, acknowledged }) => sent - acknowledged)), 10)
  })

  it('that is aborted ends without an error once all that was sent is acknowledged', async () => {
    for (const stopAfter of [1, 7, 13]) {
      const broker = await openBroker()
      const abort = new AbortController()
      let sends = 0
      const slow = intercept(broker, {
        async onSend(_topic, send) {
          if (++sends === stopAfter) abort.abort()
          await settle()
          await send()
        },
      })
      const symbols = lettersOf(60)
      const totals = await publish(slow, barSource(barFrames(symbols, 3)), { signal: abort.signal })
      assert.ok(totals.sent >= 3 * stopAfter && totals.sent < 60)
      assert.equal(totals.acknowledged, totals.sent)
      assert.deepEqual(await rowsByPartition(broker), expectedRows(symbols.slice(0, totals.sent)))
    }
  })

  it('that is aborted before it begins sends nothing', async () => {
    const broker = await openBroker()
    for (const resume of [false, true]) {
      const totals = await publish(broker, barSource(barFrames(lettersOf(9), 3)), {
        signal: AbortSignal.abort(),
        resume,
      })
      assert.equal(totals.sent, 0)
    }
    assert.deepEqual(await readTopic(broker, prices.name), [])
  })

  it('fails with the reason of a send, and with that of a topic that is not there, and leaves no publisher open', async () => {
    const refused = new WindsockError('not-authorized', 'no')
    const memory = await openBroker()
    let opened = 0
    const counted: Broker = {
      ...memory,
      openPublisher() {
        opened++
        return { send: () => Promise.reject(refused), close: async () => void opened-- }
      },
    }
    await assert.rejects(publish(counted, barSource(barFrames(['A'], 1))), refused)
    await assert.rejects(publish(counted, barSource(barFrames(['!'], 1))), refused)
    await memory.admin.deleteTopics([prices.name])
    for (const resume of [false, true]) {
      await assert.rejects(publish(counted, barSource([]), { resume }), { code: 'topic-missing' })
    }
    assert.equal(opened, 0)
  })
})

/** How a run ends before its time, at which of its sends, and what others write to the topic after it. */
interface Kill {
  readonly atSend: number
  readonly how: 'aborted' | 'unsent' | 'unacknowledged' | 'torn'
  /** Of a torn send, the partitions that got their records, one bit each. */
  readonly partitions: number
  readonly foreign: number
}

/** Publishes with resume until `kill` strikes; false when the source ended before. */
async function publishUntil(broker: Broker, source: Source<BarFields>, kill: Kill, pace: Pace): Promise<boolean> {
  const abort = new AbortController()
  const dead = new WindsockError('broker-crashed', 'killed')
  let sends = 0
  const mortal = intercept(broker, {
    async onSend(topic, sendAll, records) {
      if (sends >= kill.atSend && kill.how !== 'aborted') throw dead
      if (++sends < kill.atSend || topic !== prices.name) return sendAll()
      switch (kill.how) {
        case 'aborted':
          abort.abort()
          return sendAll()
        case 'unsent':
          throw dead
        case 'unacknowledged':
          await sendAll()
          throw dead
        case 'torn': {
          const arrived = records.filter(({ partition }) => ((kill.partitions >> (partition ?? 0)) & 1) === 1)
          await sendTo(broker, topic, ...arrived)
          throw dead
        }
      }
    },
  })
  try {
    await publish(mortal, source, { resume: true, pace, signal: abort.signal })
    return abort.signal.aborted
  } catch (error) {
    assert.equal(error, dead)
    return true
  }
}

describe('publishing that is resumed', () => {
  it('sends every row exactly once, wherever earlier runs died and whoever wrote in between', async () => {
    const kill = fc.record<Kill>({
      atSend: fc.integer({ min: 1, max: 8 }),
      how: fc.constantFrom('aborted', 'unsent', 'unacknowledged', 'torn'),
      partitions: fc.nat({ max: 15 }),
      foreign: fc.oneof(fc.constant(0), fc.nat({ max: 30 })),
    })
    const chosenPace = fc.constantFrom<Pace>(
      { kind: 'max' },
      { kind: 'rate', perSecond: 1 },
      { kind: 'speed', times: 60 },
    )
    const symbol = fc.constantFrom('A', 'B', 'C', 'D', 'E', 'F', 'G', '__proto__', '!')
    let struck = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(symbol, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(kill, { maxLength: 4 }),
        chosenPace,
        async (symbols, rowsPerFrame, kills, pace) => {
          const broker = await openBroker()
          const source = barSource(barFrames(symbols, rowsPerFrame))
          for (const point of kills) {
            if (!(await publishUntil(broker, source, point, pace))) break
            struck++
            const others = upTo(point.foreign).map((index) => ({
              ...barRecord('ABCDEFG'.charAt(index % 7), '2015-01-05', -1),
              headers: index % 2 === 0 ? {} : { [rowHeader]: rowMark('of another source', 1e6) },
            }))
            await sendTo(broker, prices.name, ...others)
          }
          const totals = await publish(broker, source, { resume: true, pace })
          const fitting = symbols.filter((name) => name !== '!').length
          assert.equal(totals.skipped + totals.sent, fitting)
          assert.deepEqual(
            (await rowsByPartition(broker)).map((rows) => rows.filter((row) => row >= 0)),
            expectedRows(symbols).map((rows) => rows.filter((row) => symbols[row] !== '!')),
          )
          const again = await publish(broker, source, { resume: true, pace })
          assert.deepEqual([again.sent, again.skipped], [0, fitting])
          const refused = symbols.flatMap((name, row) => (name === '!' ? [`bars.csv:${row + 2}`] : []))
          assert.deepEqual([...(await readNewest(broker, quarantine.name)).keys()], refused.toSorted())
        },
      ),
      { numRuns: 200 },
    )
    assert.ok(struck > 100)
  })

  it('does not wait for rows that were sent before, though some partitions have no keys', async () => {
    const broker = await openBroker()
    const source = barSource(
      barFrames(
        upTo(50).map(() => 'A'),
        5,
      ),
    )
    await publishUntil(
      broker,
      source,
      { atSend: 40, how: 'unacknowledged', partitions: 0, foreign: 0 },
      { kind: 'rate', perSecond: 1 },
    )
    const clock = new JumpingClock()
    const begin = clock.time
    const { sent, skipped } = await publish(broker, source, {
      resume: true,
      clock,
      pace: { kind: 'rate', perSecond: 1 },
    })
    assert.deepEqual([sent, skipped], [10, 40])
    assert.equal(clock.time - begin, 9_000)
  })

  it('sends all rows of another source, and all of the same one where it is not to be resumed', async () => {
    const broker = await openBroker()
    const frames = barFrames(lettersOf(10), 5)
    await publish(broker, barSource(frames), { resume: true })
    const other = await publish(broker, barSource(frames, 'bars#2'), { resume: true })
    const again = await publish(broker, barSource(frames), { resume: false })
    assert.deepEqual([other.sent, again.sent], [10, 10])
  })
})
