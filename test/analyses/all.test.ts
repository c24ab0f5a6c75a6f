import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { analysisNames, chooseAnalysis, isAnalysisName } from '../../src/analyses/all.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import { liveTables } from '../../src/model/live.ts'
import { foldRows, OneKey } from './fold-rows.ts'
import { dayOf } from './histories.ts'

function usage(message: RegExp, hint?: string) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof WindsockError)
    assert.equal(error.code, 'usage')
    assert.match(error.message, message)
    assert.equal(error.hint, hint)
    return true
  }
}

describe('the analyses', () => {
  it('are named', () => {
    assert.deepEqual(analysisNames, ['bollinger', 'aroon', 'flights-per-day'])
    assert.ok(['', 'Aroon', 'constructor', '__proto__', 'toString'].every((name) => !isAnalysisName(name)))
  })

  it('have a group and a topic of their plain name when no setting differs from its default', () => {
    for (const name of analysisNames) assert.equal(chooseAnalysis(name).group, name)
    assert.equal(chooseAnalysis('aroon', { period: '14' }).group, 'aroon')
    assert.equal(chooseAnalysis('bollinger', { deviations: '2.0', period: ' 20 ' }).group, 'bollinger')
  })

  it('name their group by the settings that differ, in the order of the alphabet', () => {
    assert.equal(chooseAnalysis('aroon', { period: '25' }).group, 'aroon-period-25')
    const both = chooseAnalysis('bollinger', { period: '10', deviations: '2.5' })
    assert.equal(both.group, 'bollinger-deviations-2.5-period-10')
    assert.equal(chooseAnalysis('bollinger', { deviations: '2.5', period: '10' }).group, both.group)
    assert.equal(chooseAnalysis('bollinger', { deviations: '1e-7' }).group, 'bollinger-deviations-1e-7')
  })

  it('work with the settings that were chosen', () => {
    const rows = Array.from({ length: 3 }, (_, index) => ({
      symbol: 'A',
      date: dayOf(index),
      high: 1,
      low: 1,
      close: 1,
    }))
    const firstOf = (name: string, settings: Record<string, string>): number =>
      foldRows(new OneKey(chooseAnalysis(name, settings)), rows).reports.findIndex((report) => report !== undefined)
    assert.equal(firstOf('bollinger', { period: '3' }), 2)
    assert.equal(firstOf('aroon', { period: '1' }), 1)
  })

  it('take another input topic, and then have a group of their own', () => {
    const chosen = chooseAnalysis('aroon', { period: '25' }, 'crypto')
    assert.deepEqual([chosen.input.name, chosen.group], ['crypto', 'aroon-period-25-of-crypto'])
    assert.equal(chosen.input.schema, chooseAnalysis('aroon').input.schema)
    assert.equal(chooseAnalysis('aroon', {}, 'prices').group, 'aroon')
    assert.equal(chooseAnalysis('aroon').input.name, 'prices')
  })

  it('refuse a name that does not exist', () => {
    const hint = 'The analyses are bollinger, aroon, flights-per-day'
    assert.throws(() => chooseAnalysis(''), usage(/^an analysis is missing$/, hint))
    assert.throws(() => chooseAnalysis('macd'), usage(/^there is no analysis named macd$/, hint))
    assert.throws(() => chooseAnalysis('__proto__'), usage(/^there is no analysis named __proto__$/, hint))
  })

  it('refuse a setting that does not exist', () => {
    assert.throws(
      () => chooseAnalysis('bollinger', { length: '3' }),
      usage(/^bollinger has no setting named length$/, 'Its settings are period, deviations'),
    )
    assert.throws(
      () => chooseAnalysis('flights-per-day', { period: '3' }),
      usage(/^flights-per-day has no setting named period$/, 'flights-per-day has no settings'),
    )
    for (const name of ['constructor', '__proto__']) {
      const given = Object.fromEntries([[name, '3']])
      assert.throws(() => chooseAnalysis('aroon', given), usage(/ has no setting named /, 'Its settings are period'))
    }
  })

  it('refuse a value that is no number, is out of bounds, or is not whole where it must be', () => {
    for (const period of ['', ' ', 'x', 'NaN', 'Infinity', '0', '-1', '10001', '2.5', '14,5', '1e9']) {
      for (const name of ['aroon', 'bollinger']) {
        assert.throws(
          () => chooseAnalysis(name, { period }),
          usage(/^period must be a whole number from 1 to 10000, got "/),
        )
      }
    }
    for (const deviations of ['', '-0.1', '100.5', 'two']) {
      assert.throws(
        () => chooseAnalysis('bollinger', { deviations }),
        usage(/^deviations must be a number from 0 to 100, got "/),
      )
    }
  })

  it('take the bounds themselves', () => {
    for (const period of ['1', '10000']) assert.equal(chooseAnalysis('aroon', { period }).name, 'aroon')
    for (const deviations of ['0', '100']) assert.equal(chooseAnalysis('bollinger', { deviations }).name, 'bollinger')
  })

  it('emit the columns that pages draw, their key first', () => {
    for (const name of analysisNames) {
      const { key, columns } = chooseAnalysis(name).emits
      assert.deepEqual([key, columns], [liveTables[name].key, liveTables[name].columns])
      assert.deepEqual(columns.slice(0, key.length), key)
    }
  })

  it('have keys among the columns that they read, which are columns of their input', () => {
    for (const name of analysisNames) {
      const { keyBy, reads, input } = chooseAnalysis(name)
      assert.ok(keyBy.length > 0 && keyBy.every((column) => reads.includes(column)))
      assert.ok(reads.every((column) => Object.hasOwn(input.schema.fields, column)))
    }
  })

  it('emit what they report', () => {
    const row = {
      symbol: 'A',
      date: '2000-01-01',
      high: 1,
      low: 1,
      close: 1,
      airline: 'AA',
      year: 2000,
      month: 1,
      day: 1,
    }
    const settings = { bollinger: { period: '1' }, aroon: { period: '1' }, 'flights-per-day': {} } as const
    for (const name of analysisNames) {
      const analysis = chooseAnalysis(name, settings[name])
      const { reports } = foldRows(new OneKey(analysis), [row, { ...row, date: '2000-01-02' }])
      assert.deepEqual(Object.keys(reports.at(-1) ?? {}), analysis.emits.columns)
    }
  })
})

describe('the state of every analysis', () => {
  const price = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -3, max: 3 }))
  const row = fc.record({
    symbol: fc.constant('__proto__'),
    date: fc.oneof(fc.nat({ max: 60 }).map(dayOf), fc.constantFrom('2000-01-09T09:30:00-05:00', '2000-01-09T10:00:00')),
    high: price,
    low: price,
    close: price,
    airline: fc.constantFrom('AA', '"\n\ud800'),
    year: fc.constant(2000),
    month: fc.constant(1),
    day: fc.integer({ min: 1, max: 31 }),
  })
  // Mostly going forward, as a stream does; the rest comes late.
  const rows = fc
    .tuple(fc.array(row, { maxLength: 80 }), fc.boolean())
    .map(([all, sorted]) => (sorted ? all.toSorted((a, b) => (a.date < b.date ? -1 : 1)) : all))
  const settings = { bollinger: { period: '4', deviations: '2.5' }, aroon: { period: '4' }, 'flights-per-day': {} }

  for (const name of analysisNames) {
    const analysis = chooseAnalysis(name, settings[name])

    it(`is stored and restored at any point, and then gives the same results bit for bit: ${name}`, () => {
      fc.assert(
        fc.property(rows, fc.array(fc.nat({ max: 80 })), (given, points) => {
          const whole = foldRows(new OneKey(analysis), given)
          assert.deepEqual(
            foldRows(new OneKey(analysis), given, () => true),
            whole,
          )
          assert.deepEqual(
            foldRows(new OneKey(analysis), given, (at) => points.includes(at)),
            whole,
          )
        }),
      )
    })

    it(`stays as it was when a row is refused: ${name}`, () => {
      fc.assert(
        fc.property(rows, (given) => {
          const key = new OneKey(analysis)
          for (const taken of given) {
            const before = key.stored
            if (key.take(taken) !== undefined) assert.equal(key.stored, before)
          }
        }),
      )
    })
  }
})
