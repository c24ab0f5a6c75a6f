import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type AnalysisName, analysisNames, type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import { type BarFields, barSchema } from '../../src/model/bar.ts'
import { flightSchema } from '../../src/model/flight.ts'
import { createFrame, type Frame } from '../../src/model/frame.ts'
import { Folding, type Upsert } from '../../src/pipelines/folding.ts'
import { foldRows, OneKey } from '../analyses/fold-rows.ts'
import { dayOf, readHistories } from '../analyses/histories.ts'
import { barsOf } from '../sources/bars.ts'

const aroon = chooseAnalysis('aroon', { period: '1' })
const flightsPerDay = chooseAnalysis('flights-per-day')

function flightsOf(...airlines: readonly string[]): Frame {
  const frame = createFrame(flightSchema, 'flights/0')
  airlines.forEach((airline, offset) =>
    frame.addCells(['airline', 'year', 'month', 'day'], [airline, '2015', '1', '1'], offset + 100),
  )
  return frame
}

const bars = (...given: readonly string[]): Frame<BarFields> => barsOf('prices/1', ...given)

const keysOf = (folding: Folding): string[] => folding.takeStates().map(({ key }) => key)

function restored(analysis: ChosenAnalysis, states: Iterable<readonly [string, string]>): Folding {
  const folding = new Folding(analysis)
  for (const [key, state] of states) folding.restore(key, state)
  return folding
}

describe('folding', () => {
  it('gives the newest result of every key that changed, with the record that changed it last, once', () => {
    const folding = new Folding(flightsPerDay)
    assert.deepEqual(folding.take(flightsOf('AA', 'UA', 'AA')), [])
    const day = '2015-01-01'
    assert.deepEqual(folding.takeUpserts(), [
      { result: { airline: 'AA', day, flights: 2 }, origin: 'flights/0', position: 102 },
      { result: { airline: 'UA', day, flights: 1 }, origin: 'flights/0', position: 101 },
    ])
    assert.deepEqual(folding.takeUpserts(), [])
    // Of two frames at once, too.
    folding.take(flightsOf('AA'))
    folding.take(flightsOf('UA', 'AA', 'DL'))
    assert.deepEqual(
      folding.takeUpserts().map(({ result, position }) => [result['airline'], result['flights'], position]),
      [
        ['AA', 4, 101],
        ['UA', 2, 100],
        ['DL', 1, 102],
      ],
    )
  })

  it('gives a result of every row where the analysis has one for each, in the order of the rows', () => {
    const folding = new Folding(aroon)
    folding.take(bars('2015-01-05 A', '2015-01-06 A', '2015-01-05 B', '2015-01-06 A', '2015-01-06 B', '2015-01-07 A'))
    assert.deepEqual(
      folding.takeUpserts().map(({ result, origin, position }) => [result['symbol'], result['date'], origin, position]),
      [
        ['A', '2015-01-06', 'prices/1', 1],
        ['A', '2015-01-06', 'prices/1', 3],
        ['B', '2015-01-06', 'prices/1', 4],
        ['A', '2015-01-07', 'prices/1', 5],
      ],
    )
    assert.deepEqual(folding.takeUpserts(), [])
  })

  it('tells of a row that was copied from another frame where it came from at first', () => {
    const merged = createFrame(barSchema, 'merged')
    merged.addRow(barsOf('one', '!', '2015-01-05 A'), 0)
    merged.addRow(barsOf('two', '!', '2015-01-06 A'), 0)
    const folding = new Folding(aroon)
    folding.take(merged)
    assert.deepEqual(
      folding.takeUpserts().map(({ origin, position }) => [origin, position]),
      [['two', 1]],
    )
  })

  it('gives the states that changed, once, each with the place of its key', () => {
    const folding = new Folding(flightsPerDay)
    folding.take(flightsOf('AA', 'UA'))
    assert.equal(folding.changedKeys, 2)
    assert.deepEqual(keysOf(folding), ['["AA",2015,1,1]', '["UA",2015,1,1]'])
    assert.equal(folding.changedKeys, 0)
    folding.take(flightsOf('UA'))
    assert.deepEqual(folding.takeStates(), [{ slot: 1, key: '["UA",2015,1,1]', state: '{"flights":2}' }])
    assert.deepEqual(folding.takeStates(), [])
    assert.equal(folding.size, 2)
  })

  it('keeps the results that it gave as they were', () => {
    const folding = new Folding(flightsPerDay)
    folding.take(flightsOf('AA'))
    const [upsert] = folding.takeUpserts()
    folding.take(flightsOf('AA', 'UA'))
    folding.takeUpserts()
    assert.deepEqual(upsert?.result, { airline: 'AA', day: '2015-01-01', flights: 1 })
  })

  it('goes on from states that were stored', () => {
    const first = new Folding(aroon)
    first.take(bars('2015-01-05 A', '2015-01-05 B'))
    assert.deepEqual(first.takeUpserts(), [])
    const second = restored(
      aroon,
      first.takeStates().map(({ key, state }) => [key, state]),
    )
    assert.deepEqual([second.size, second.changedKeys], [2, 0])
    assert.deepEqual([second.takeUpserts(), second.takeStates()], [[], []])
    second.take(bars('2015-01-06 A'))
    assert.deepEqual(
      second.takeUpserts().map(({ result }) => [result['symbol'], result['date']]),
      [['A', '2015-01-06']],
    )
    assert.deepEqual(keysOf(second), ['["A"]'])
  })

  it('begins anew with a key whose state it is told to forget, and with no other', () => {
    const folding = new Folding(flightsPerDay)
    folding.take(flightsOf('AA', 'UA', 'AA'))
    folding.takeUpserts()
    const [first] = folding.takeStates()
    assert.equal(folding.forget('["AA",2015,1,1]'), first?.slot)
    folding.take(flightsOf('AA', 'UA'))
    assert.deepEqual(
      folding.takeUpserts().map(({ result }) => [result['airline'], result['flights']]),
      [
        ['AA', 1],
        ['UA', 2],
      ],
    )
  })

  it('puts a state back at the slot of its key, whether that has been seen or not', () => {
    const folding = new Folding(flightsPerDay)
    folding.take(flightsOf('AA'))
    assert.equal(folding.restore('["UA",2015,1,1]', '{"flights":7}'), 1)
    assert.equal(folding.restore('["AA",2015,1,1]', '{"flights":5}'), 0)
    folding.take(flightsOf('AA', 'UA'))
    assert.deepEqual(
      folding.takeStates().map(({ state }) => state),
      ['{"flights":6}', '{"flights":8}'],
    )
  })

  it('refuses a stored key or state that is none of its analysis', () => {
    for (const key of [
      '',
      'AA',
      '"AA"',
      '{}',
      'null',
      '[]',
      '["AA",2015,1]',
      '["AA",2015,1,1,1]',
      '["AA",2015,1,true]',
      '["AA",2015,1,[1]]',
      // A number for the airline would be taken for the place of a text, and a text for the year for a number.
      '[0,2015,1,1]',
      '["AA","2015",1,1]',
      '["AA",2015,1,1',
    ]) {
      const folding = new Folding(flightsPerDay)
      folding.take(flightsOf('AA'))
      assert.throws(() => folding.restore(key, '{"flights":1}'), SyntaxError, key)
      assert.throws(() => folding.forget(key), SyntaxError, key)
      assert.equal(folding.size, 1)
    }
    for (const state of ['', '7', 'null', '[]', '{', '{}', '{"flights":"1"}', '{"flights":1,"n":1}', '{"n":1}']) {
      assert.throws(() => new Folding(flightsPerDay).restore('["AA",2015,1,1]', state), SyntaxError, state)
    }
  })

  it('returns the rows that the analysis refused, with place, reason and the record', () => {
    const folding = new Folding(aroon)
    const [refusal, ...others] = folding.take(bars('2015-01-05 A', '2015-01-02 A', '2015-01-02 B'))
    assert.deepEqual(others, [])
    assert.deepEqual([refusal?.position, refusal?.reason], [1, 'older than the newest bar of A, 2015-01-05'])
    const record = { Date: '2015-01-02', Open: 1, High: 1, Low: 1, Close: 1, Label: 'A' }
    assert.deepEqual(JSON.parse(refusal?.sample ?? ''), record)
    assert.deepEqual(keysOf(folding), ['["A"]', '["B"]'])
    folding.take(bars('2015-01-02 A'))
    assert.deepEqual([folding.takeUpserts(), folding.takeStates()], [[], []])
  })

  it('keeps hostile keys apart', () => {
    const airlines = ['__proto__', 'constructor', 'a,"b"', 'a', ' ', '\u0000', '\ud800', '\udfff', '\ufffd']
    const folding = new Folding(flightsPerDay)
    folding.take(flightsOf(...airlines, ...airlines))
    const upserts = folding.takeUpserts()
    assert.deepEqual(
      upserts.map(({ result }) => result['airline']),
      airlines,
    )
    assert.ok(upserts.every(({ result }) => result['flights'] === 2))
    assert.deepEqual(
      folding.takeStates().map(({ key }) => JSON.parse(key)[0]),
      airlines,
    )
  })

  it('keeps thousands of keys, and tells about how much memory their states take', () => {
    const folding = new Folding(flightsPerDay)
    const airlines = Array.from({ length: 5_000 }, (_, n) => `airline ${n}`)
    const before = folding.bytes
    for (let turn = 1; turn <= 3; turn++) {
      folding.take(flightsOf(...airlines.toReversed(), ...airlines))
      const upserts = folding.takeUpserts()
      assert.equal(upserts.length, airlines.length)
      assert.ok(upserts.every(({ result }) => result['flights'] === 2 * turn))
      const states = folding.takeStates()
      assert.ok(states.length === airlines.length && states.every(({ slot }, n) => slot === n))
    }
    assert.ok(folding.bytes >= 8 * 5_000 && folding.bytes > before)
  })
})

const settings = { bollinger: { period: '20' }, aroon: { period: '14' }, 'flights-per-day': {} }

describe('what folding gives', () => {
  for (const name of ['bollinger', 'aroon'] as const) {
    it(`for five histories at once is what each of them alone gives: ${name}`, async () => {
      const analysis = chooseAnalysis(name, settings[name])
      const histories = await readHistories()
      const folding = new Folding(analysis)
      const upserts: Upsert[] = []
      for (let day = 0; day < 2_531; day += 100) {
        const frame = createFrame(barSchema, 'prices/0')
        for (let at = day; at < day + 100; at++) {
          for (const history of histories.values()) {
            const bar = history[at]
            if (bar !== undefined) frame.addRecord({ ...bar, label: bar.symbol, open: 1 }, at, () => '')
          }
        }
        assert.deepEqual([frame.refusals, folding.take(frame)], [[], []])
        upserts.push(...folding.takeUpserts())
      }
      for (const [symbol, history] of histories) {
        const alone = foldRows(new OneKey(analysis), history).reports.filter((report) => report !== undefined)
        const found = upserts.map(({ result }) => result).filter((result) => result['symbol'] === symbol)
        assert.equal(found.length, alone.length)
        found.forEach((result, at) => assert.deepEqual(result, alone[at]))
      }
    })
  }

  const bar = fc
    .tuple(fc.nat({ max: 12 }), fc.constantFrom('A', 'B', '__proto__', '\ud800'))
    .map(([day, symbol]) => `${dayOf(day)} ${symbol}`)
  const airline = fc.constantFrom('AA', 'UA', '0', '__proto__', '\ud800', '-0')

  function frames(name: AnalysisName): fc.Arbitrary<Frame[]> {
    return name === 'flights-per-day'
      ? fc.array(fc.array(airline, { maxLength: 12 }).map((airlines) => flightsOf(...airlines)))
      : fc.array(fc.array(bar, { maxLength: 12 }).map((given): Frame => bars(...given)))
  }

  for (const name of analysisNames) {
    it(`does not depend on whether it was interrupted, nor on the order of the stored states: ${name}`, () => {
      const analysis = chooseAnalysis(name, name === 'flights-per-day' ? {} : { period: '2' })
      fc.assert(
        fc.property(frames(name), fc.array(fc.boolean()), (given, interruptions) => {
          const whole = new Folding(analysis)
          let interrupted = new Folding(analysis)
          const states = new Map<string, string>()
          given.forEach((frame, turn) => {
            assert.deepEqual(interrupted.take(frame), whole.take(frame))
            assert.deepEqual(interrupted.takeUpserts(), whole.takeUpserts())
            const changed = whole.takeStates().map(({ key, state }) => [key, state])
            assert.deepEqual(
              interrupted.takeStates().map(({ key, state }) => [key, state]),
              changed,
            )
            for (const [key = '', state = ''] of changed) states.set(key, state)
            if (interruptions[turn] === true) interrupted = restored(analysis, [...states].toReversed())
          })
        }),
      )
    })
  }
})
