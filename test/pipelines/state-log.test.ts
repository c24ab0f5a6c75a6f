import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { barSchema } from '../../src/model/bar.ts'
import { createFrame } from '../../src/model/frame.ts'
import { Folding } from '../../src/pipelines/folding.ts'
import {
  type Checkpoint,
  checkpointKey,
  ChecksumTable,
  parseCheckpoint,
  type Refused,
  type Restored,
  restoreState,
  StateLog,
} from '../../src/pipelines/state-log.ts'
import { stateTopic } from '../../src/topics/state.ts'
import { sendTo } from './topic-records.ts'

const running = new AbortController().signal
const analysis = chooseAnalysis('aroon', { period: '1' })
const origin = { topic: 'prices', id: 'one', partition: 2 }
const { name: topic, ...spec } = stateTopic(analysis.group, 4)

/** A state topic with these records. */
async function brokerWith(records: readonly OutgoingRecord[]): Promise<Broker> {
  const broker = createMemoryBroker()
  await broker.admin.ensureTopics([{ name: topic, ...spec }])
  await sendTo(broker, topic, ...records)
  return broker
}

async function restore(records: readonly OutgoingRecord[], from = origin): Promise<Restored | Refused> {
  return restoreState(await brokerWith(records), analysis, from, running)
}

function isRestored(found: Restored | Refused): asserts found is Restored {
  assert.ok('folding' in found, JSON.stringify(found))
}

function isRefused(found: Restored | Refused): asserts found is Refused {
  assert.ok('reason' in found, 'the state is taken')
}

interface BarRow {
  readonly symbol: string
  readonly day: number
  readonly price: number
}

const row = (symbol: string, day: number, price: number): BarRow => ({ symbol, day, price })

function take(folding: Folding, rows: readonly BarRow[]): void {
  const frame = createFrame(barSchema, 'prices/2')
  rows.forEach(({ symbol, day, price }, index) => {
    const cells = [`2015-01-0${day}`, symbol, ...Array.from({ length: 4 }, () => String(price))]
    frame.addCells(['date', 'symbol', 'open', 'high', 'low', 'close'], cells, index)
  })
  folding.take(frame)
}

/** The states that a folding has after these rows: the newest bar of a key changes nothing when it comes again. */
function statesOf(folding: Folding, rows: readonly BarRow[]): Map<string, string> {
  const newest = new Map<string, BarRow>()
  for (const each of rows) if (each.day >= (newest.get(each.symbol)?.day ?? 0)) newest.set(each.symbol, each)
  folding.takeStates()
  take(folding, [...newest.values()])
  const states = new Map(folding.takeStates().map(({ key, state }) => [key, state]))
  assert.equal(states.size, newest.size)
  return states
}

const rowsOfTwo = [row('A', 5, 1), row('B', 5, 2), row('A', 6, 3)]

/** What is written for two keys, of which A changes once more. */
function written(): { records: OutgoingRecord[]; folding: Folding; log: StateLog } {
  const folding = new Folding(analysis)
  const log = new StateLog(origin, 5)
  take(folding, rowsOfTwo.slice(0, 2))
  const first = log.recordsOf(folding, 7)
  take(folding, rowsOfTwo.slice(2))
  return { records: [...first, ...log.recordsOf(folding, 8)], folding, log }
}

const checkpointOf = (records: readonly OutgoingRecord[]): Checkpoint => {
  const text = records.findLast(({ key }) => key === checkpointKey)?.value
  const checkpoint = parseCheckpoint(String(text))
  assert.ok(checkpoint !== 'damaged')
  return checkpoint
}

const inPlace = (key: string, value: string | null): OutgoingRecord => ({ key, value, partition: origin.partition })

describe('the state of a partition', () => {
  it('is restored as it was written, with the position it stands for', async () => {
    const { records, folding, log } = written()
    assert.deepEqual(
      records.map(({ key, partition }) => [key, partition]),
      [
        ['["A"]', 2],
        ['["B"]', 2],
        [checkpointKey, 2],
        ['["A"]', 2],
        [checkpointKey, 2],
      ],
    )
    const { sum, ...checkpoint } = checkpointOf(records)
    assert.deepEqual(checkpoint, { layout: 1, topic: 'prices', id: 'one', from: 5, next: 8, keys: 2 })
    assert.ok(sum > 0)
    const found = await restore(records)
    isRestored(found)
    assert.equal(found.next, 8)
    assert.deepEqual(statesOf(found.folding, rowsOfTwo), statesOf(folding, rowsOfTwo))
    for (const each of [folding, found.folding]) take(each, [row('C', 7, 4), row('A', 7, 5)])
    assert.deepEqual(found.log.recordsOf(found.folding, 10), log.recordsOf(folding, 10), 'it goes on as it would have')
  })

  it('that was never written begins where its partition does', async () => {
    const found = await restore([])
    isRestored(found)
    assert.equal(found.next, undefined)
    assert.equal(found.folding.size, 0)
  })

  it('is that of its own partition, whatever others have', async () => {
    const { records } = written()
    const found = await restore(
      records.map((record) => ({ ...record, partition: 1 })),
      origin,
    )
    isRestored(found)
    assert.deepEqual([found.next, found.folding.size], [undefined, 0])
  })

  it('leaves out keys that were deleted, and takes one that came again', async () => {
    const { records } = written()
    const onlyA = new Folding(analysis)
    take(onlyA, [row('A', 5, 1), row('A', 6, 3)])
    const afterwards = await restore([
      ...records,
      inPlace('["B"]', null),
      ...new StateLog(origin, 5).recordsOf(onlyA, 9),
    ])
    isRestored(afterwards)
    assert.equal(afterwards.next, 9)
    take(afterwards.folding, [row('B', 1, 7)])
    assert.deepEqual(
      afterwards.folding.takeStates().map(({ state }) => state),
      ['{"date":"2015-01-01","highs":[7],"lows":[7]}'],
      'B begins as keys begin',
    )
    const again = await restore([...records, inPlace('["B"]', null), ...records])
    isRestored(again)
    assert.deepEqual(statesOf(again.folding, rowsOfTwo), statesOf(written().folding, rowsOfTwo))
  })

  it('is not touched by transactions that were not committed', async () => {
    const { records } = written()
    const broker = await brokerWith(records)
    const transactions = broker.openTransactions('any')
    await transactions.open()
    await transactions.send(topic, [inPlace('["A"]', '{}'), inPlace('["C"]', 'garbage'), inPlace(checkpointKey, null)])
    const meanwhile = await restoreState(broker, analysis, origin, running)
    isRestored(meanwhile)
    await transactions.abort()
    const found = await restoreState(broker, analysis, origin, running)
    isRestored(found)
    assert.deepEqual([meanwhile.next, found.next], [8, 8])
  })

  it('stops being read when it is no longer wanted, and gives nothing half', async () => {
    const broker = await brokerWith(written().records)
    await assert.rejects(restoreState(broker, analysis, origin, AbortSignal.abort()), { name: 'AbortError' })
  })
})

describe('a state that is not what was written', () => {
  const { records } = written()
  const checkpoint = checkpointOf(records)
  const good = String(records.findLast(({ key }) => key === '["A"]')?.value)
  const changedCheckpoint = (change: object): OutgoingRecord =>
    inPlace(checkpointKey, JSON.stringify({ ...checkpoint, ...change }))

  const cases: Readonly<Record<string, readonly [OutgoingRecord | undefined, RegExp]>> = {
    'a state altered': [inPlace('["A"]', good.replace('2015-01-06', '2015-01-07')), /^is not what was written$/],
    'an older state of its own': [inPlace('["A"]', String(records[0]?.value)), /^is not what was written$/],
    'the state of another key': [inPlace('["B"]', good), /^is not what was written$/],
    'a key missing': [inPlace('["A"]', null), /^is not what was written$/],
    'a key too many': [inPlace('["C"]', good), /^is not what was written$/],
    'the same key, spelt otherwise': [inPlace('[ "A" ]', good.replace('06', '07')), /^is not what was written$/],
    'no JSON': [inPlace('["A"]', '{"date":'), /^cannot be read for key \["A"\]$/],
    'nothing in it': [inPlace('["A"]', ''), /^cannot be read for key \["A"\]$/],
    'an empty object': [inPlace('["A"]', '{}'), /^cannot be read for key \["A"\]$/],
    'null in it': [inPlace('["A"]', 'null'), /^cannot be read for key \["A"\]$/],
    'a number in it': [inPlace('["A"]', '7'), /^cannot be read for key \["A"\]$/],
    'another analysis’ state': [inPlace('["A"]', '{"date":"2015-01-05","closes":[1]}'), /^cannot be read for key/],
    'a field too many': [inPlace('["A"]', good.replace('}', ',"more":1}')), /^cannot be read for key/],
    'a field of another type': [inPlace('["A"]', '{"date":1,"highs":[],"lows":[]}'), /^cannot be read for key/],
    'too many values': [inPlace('["A"]', '{"date":"2015-01-06","highs":[1,2,3],"lows":[1,2]}'), /^cannot be read/],
    'a key that is empty': [inPlace('', good), /^cannot be read for key $/],
    'a key that is no array': [inPlace('7', good), /^cannot be read for key 7$/],
    'a key of a number': [inPlace('[7]', good), /^cannot be read for key \[7\]$/],
    'a key of two': [inPlace('["A","B"]', good), /^cannot be read for key \["A","B"\]$/],
    'a key that is text': [inPlace('"A"', good), /^cannot be read for key "A"$/],
    'a key that is an object': [inPlace('{}', good), /^cannot be read for key \{\}$/],
    'no checkpoint': [inPlace(checkpointKey, null), /^has no readable checkpoint$/],
    'a checkpoint that is no JSON': [inPlace(checkpointKey, '{"layout":1,'), /^has no readable checkpoint$/],
    'a checkpoint with nothing in it': [inPlace(checkpointKey, ''), /^has no readable checkpoint$/],
    'a checkpoint of null': [inPlace(checkpointKey, 'null'), /^has no readable checkpoint$/],
    'a checkpoint without its position': [changedCheckpoint({ next: undefined }), /^has no readable checkpoint$/],
    'a position that is no number': [changedCheckpoint({ next: '8' }), /^has no readable checkpoint$/],
    'a position that is no offset': [changedCheckpoint({ next: 8.5 }), /^has no readable checkpoint$/],
    'an older layout': [changedCheckpoint({ layout: 0 }), /^has no readable checkpoint$/],
    'a newer layout': [changedCheckpoint({ layout: 2, more: [] }), /^was written by a newer version of Windsock$/],
    'another number of keys': [changedCheckpoint({ keys: 3 }), /^is not what was written$/],
    'another sum': [changedCheckpoint({ sum: checkpoint.sum + 1 }), /^is not what was written$/],
  }
  for (const [what, [damage, reason]] of Object.entries(cases)) {
    it(`is refused, never taken: ${what}`, async () => {
      const found = await restore([...records, ...(damage === undefined ? [] : [damage])])
      isRefused(found)
      assert.match(found.reason, reason)
      const lives = new Map([...records, damage].map((each) => [each?.key, each?.value]))
      const keys = [...lives].flatMap(([key, value]) => (key === checkpointKey || value === null ? [] : [key]))
      assert.deepEqual(new Set(found.keys), new Set(keys), 'every key that is there is to be deleted')
      const isCheckpointLost = damage?.key === checkpointKey && !/"from":5/.test(String(damage.value))
      assert.equal(found.from, isCheckpointLost ? undefined : 5)
    })
  }

  it('is refused where only states are left, or only the checkpoint', async () => {
    const states = await restore(records.filter(({ key }) => key !== checkpointKey))
    isRefused(states)
    assert.match(states.reason, /^has no readable checkpoint$/)
    const alone = await restore(records.filter(({ key }) => key === checkpointKey))
    isRefused(alone)
    assert.match(alone.reason, /^is not what was written$/)
  })

  it('does not matter where what is newer replaces it', async () => {
    const damaged = [inPlace('["A"]', '{'), inPlace('["B"]', 'null'), inPlace(checkpointKey, 'garbage')]
    const found = await restore([...damaged, ...records])
    isRestored(found)
    assert.equal(found.next, 8)
    const deleted = await restore([inPlace('["C"]', '{'), ...records, inPlace('["C"]', null)])
    isRestored(deleted)
    assert.equal(deleted.next, 8)
  })

  it('is good again when what is no key was deleted', async () => {
    for (const key of ['', '7', '["A","B"]', 'garbage']) {
      const found = await restore([inPlace(key, good), ...records, inPlace(key, null)])
      isRestored(found)
      assert.equal(found.next, 8)
    }
  })

  it('stands for another log when the topic has another name or was made anew', async () => {
    for (const other of [{ id: 'two' }, { topic: 'flights' }]) {
      await assert.rejects(restore(records, { ...origin, ...other }), {
        code: 'topic-mismatch',
        message: /^the stored state of aroon-period-1 stands for another log than today's topic (prices|flights)$/,
        hint: /--fresh/,
      })
    }
  })

  it('cannot be where the topic has fewer partitions', async () => {
    await assert.rejects(restore(records, { ...origin, partition: 4 }), {
      code: 'topic-mismatch',
      hint: /make the input anew/,
    })
  })
})

describe('any history of changes', () => {
  const change = fc.record<BarRow>({
    symbol: fc.constantFrom('A', 'B', 'C', '__proto__', 'é"', '\ud800'),
    day: fc.integer({ min: 1, max: 9 }),
    price: fc.constantFrom(0, -0, 0.1, 1e300, -5e-324, 7),
  })
  const history = fc.array(fc.array(change, { maxLength: 6 }), { minLength: 1, maxLength: 8 })

  const writeAll = (commits: readonly (readonly BarRow[])[]) => {
    const folding = new Folding(analysis)
    const log = new StateLog(origin, 0)
    const records = commits.flatMap((rows, index) => {
      take(folding, rows)
      return log.recordsOf(folding, index + 1)
    })
    return { folding, records }
  }

  it('is restored to its end, however much of what was replaced is compacted away', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.infiniteStream(fc.boolean()), async (commits, coins) => {
        const { folding, records } = writeAll(commits)
        const left = records.filter(({ key }, index) => {
          const isNewest = records.findLastIndex((each) => each.key === key) === index
          return isNewest || coins.next().value
        })
        const found = await restore(left)
        isRestored(found)
        assert.equal(found.next, commits.length)
        assert.deepEqual(statesOf(found.folding, commits.flat()), statesOf(folding, commits.flat()))
        const { sum, keys } = checkpointOf(found.log.recordsOf(new Folding(analysis), 0))
        const last = checkpointOf(records)
        assert.deepEqual([sum, keys], [last.sum, last.keys])
      }),
      { numRuns: 60 },
    )
  })

  it('is refused when anything of what is left of it is lost', async () => {
    await fc.assert(
      fc.asyncProperty(history, fc.nat(), async (commits, which) => {
        const { records } = writeAll(commits)
        const newest = new Map(records.map((record) => [record.key, record]))
        const lost = [...newest.keys()][which % newest.size]
        const left = [...newest.values()].filter(({ key }) => key !== lost)
        const found = await restore(left)
        // With nothing left at all there is nothing to be refused.
        if (left.length === 0) isRestored(found)
        else isRefused(found)
      }),
      { numRuns: 60 },
    )
  })
})

describe('the checksums', () => {
  it('have one sum, whatever the order and whatever was there meanwhile', () => {
    const entry = fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 2 ** 32 - 1 }))
    fc.assert(
      fc.property(fc.array(entry), fc.array(entry), (meanwhile, last) => {
        const end = new Map(last)
        const table = new ChecksumTable()
        for (const [slot, value] of [...meanwhile, ...last]) table.put(slot, value)
        for (const [slot] of meanwhile) if (!end.has(slot)) table.remove(slot)
        const straight = new ChecksumTable()
        for (const [slot, value] of [...end].toReversed()) straight.put(slot, value)
        assert.deepEqual([table.keys, table.sum], [straight.keys, straight.sum])
        assert.equal(table.keys, end.size)
        assert.equal(
          table.sum,
          [...end.values()].reduce((sum, value) => sum + value, 0),
        )
      }),
    )
  })

  it('stay exact for a million keys', () => {
    const table = new ChecksumTable()
    for (let slot = 0; slot < 1_000_000; slot++) table.put(slot, 2 ** 32 - 1)
    assert.equal(table.sum, Number((1_000_000n * (2n ** 32n - 1n)) % 2n ** 48n))
    for (let slot = 0; slot < 1_000_000; slot++) table.remove(slot)
    assert.deepEqual([table.keys, table.sum], [0, 0])
  })

  it('count a key whose checksum is zero', () => {
    const table = new ChecksumTable()
    table.put(3, 0)
    assert.deepEqual([table.keys, table.sum], [1, 0])
    table.remove(3)
    table.remove(3)
    table.remove(9)
    assert.deepEqual([table.keys, table.sum], [0, 0])
  })
})
