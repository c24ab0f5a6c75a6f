import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { optional, type Field } from '../../src/model/schema.ts'
import {
  epochOf,
  isDay,
  isLaterDate,
  Misfit,
  readCell,
  readMember,
  toMember,
  writeCell,
  type Value,
} from '../../src/model/value.ts'

const number = optional('number', 'N')
const integer = optional('integer', 'I')
const dayOfMonth = optional('integer', 'DAY', { min: 1, max: 31 })
const time = optional('hhmm', 'T')
const date = optional('date', 'D')
const text = optional('text', 'X')

const refused = Symbol('refused')

function check(field: Field, cells: readonly (readonly [string, Value | typeof refused])[]): void {
  for (const [cell, expected] of cells) {
    const value = readCell(field, cell)
    assert.equal(value instanceof Misfit ? refused : value, expected, `${field.type} ${JSON.stringify(cell)}`)
  }
}

function reason(field: Field, cell: string): string {
  const value = readCell(field, cell)
  return value instanceof Misfit ? value.reason : 'fits'
}

describe('a cell', () => {
  it('that is empty is null, whatever its type', () => {
    for (const field of [number, integer, time, date, text]) assert.equal(readCell(field, ''), null)
  })

  it('of text is itself', () => {
    check(
      text,
      [' ', '0', 'NaN', '__proto__', 'null', 'é'].map((cell) => [cell, cell] as const),
    )
  })

  it('of a number is decimal digits with a sign, a point and an exponent, and spaces around it', () => {
    check(number, [
      ['0', 0],
      ['-11', -11],
      ['+7', 7],
      ['007', 7],
      ['2.200000', 2.2],
      ['-5.00', -5],
      ['.5', 0.5],
      ['5.', 5],
      [' 12 ', 12],
      ['1e3', 1_000],
      ['123456789', 123_456_789],
      ['1234567890', 1_234_567_890],
      ['12345678901234567890', 2 ** 63 + 3_122_306_864_379_791_360],
      ['-', refused],
      ['--1', refused],
      ['.', refused],
      ['1,234', refused],
      ['1 2', refused],
      ['0x10', refused],
      ['1e400', refused],
      ['NaN', refused],
      ['Infinity', refused],
      ['null', refused],
      ['NA', refused],
      ['٣', refused],
      ['1_000', refused],
      ['12a', refused],
    ])
  })

  it('of a whole number has no fraction, keeps to its range and is exact', () => {
    check(integer, [
      ['0.00', 0],
      ['-1.00', -1],
      ['9007199254740991', 9_007_199_254_740_991],
      ['9007199254740993', refused],
      ['1.5', refused],
    ])
    check(dayOfMonth, [
      ['1', 1],
      ['31', 31],
      ['0', refused],
      ['32', refused],
      ['-1', refused],
    ])
  })

  it('of a time of day has up to four digits, and 2400 is not 0000', () => {
    check(time, [
      ['0005', 5],
      ['5', 5],
      ['0000', 0],
      ['0', 0],
      ['2359', 2359],
      ['2400', 2400],
      ['905.00', 905],
      ['2360', refused],
      ['2401', refused],
      ['0060', refused],
      ['09:05', refused],
      ['00005', refused],
      ['-5', refused],
      ['5.5', refused],
      [' 5', refused],
    ])
  })

  it('of a date is a day or a moment of the calendar', () => {
    check(date, [
      ['2015-01-31', '2015-01-31'],
      ['2016-02-29', '2016-02-29'],
      ['2015-01-02 00:00:00-05:00', '2015-01-02'],
      ['2015-01-02T00:00:00.000Z', '2015-01-02'],
      ['2015-01-02 09:30', '2015-01-02T09:30:00'],
      ['2015-01-02 09:30:00.500 -0500', '2015-01-02T09:30:00.500-05:00'],
      ['2015-01-02T09:30:00Z', '2015-01-02T09:30:00Z'],
      ['2015-02-29', refused],
      ['2015-06-31', refused],
      ['2015-13-01', refused],
      ['2015-00-10', refused],
      ['2015-01-00', refused],
      ['2015-1-1', refused],
      ['01/31/2015', refused],
      ['20150131', refused],
      ['2015-01-3x', refused],
      ['2015-01-02T24:00:00', refused],
      ['2015-01-02T09:60', refused],
      ['٢٠١٥-٠١-٠١', refused],
    ])
  })

  it('that does not fit says its column, what it is and what was expected', () => {
    assert.equal(reason(dayOfMonth, '32'), 'DAY: "32" is not a whole number from 1 to 31')
    assert.equal(reason(number, 'x'.repeat(50)), `N: "${'x'.repeat(40)}…" is not a number`)
    assert.equal(reason(time, 'noon'), 'T: "noon" is not a time of day from 0000 to 2400')
    assert.equal(reason(date, 'today'), 'D: "today" is not a date such as 2015-01-31')
  })

  it('of any number is read back as the same double', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        assert.equal(readCell(number, writeCell(number, value)), value === 0 ? 0 : value)
      }),
    )
    fc.assert(fc.property(fc.maxSafeInteger(), (value) => readCell(integer, writeCell(integer, value)) === value))
  })

  it('is a number just where the pattern of decimal numbers says so', () => {
    const pattern = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
    const almost = fc.string({
      unit: fc.constantFrom('0', '1', '9', '-', '+', '.', 'e', ' ', 'x'),
      minLength: 1,
      maxLength: 12,
    })
    fc.assert(
      fc.property(almost, (cell) => {
        const value = readCell(number, cell)
        const isNumber = pattern.test(cell.trim()) && Number.isFinite(Number(cell))
        assert.equal(value instanceof Misfit ? NaN : value, isNumber ? Number(cell) : NaN)
      }),
      { numRuns: 3_000 },
    )
  })

  it('of every time of day keeps its four digits', () => {
    for (let value = 0; value <= 2400; value++) {
      const cell = String(value).padStart(4, '0')
      const isTime = value === 2400 || value % 100 < 60
      const read = readCell(time, cell)
      assert.equal(read instanceof Misfit, !isTime, cell)
      if (!(read instanceof Misfit)) assert.equal(writeCell(time, read), cell)
    }
  })
})

describe('a member of a JSON record', () => {
  it('is taken as its type gives it, or as the text of a cell', () => {
    assert.equal(readMember(number, 1.5), 1.5)
    assert.equal(readMember(number, '1.5'), 1.5)
    assert.equal(readMember(number, null), null)
    assert.equal(readMember(text, 12), '12')
    assert.equal(readMember(time, '0905'), 905)
    assert.equal(readMember(time, 905), 905)
    assert.equal(readMember(date, '2015-01-31'), '2015-01-31')
    assert.equal(readMember(date, 1_420_070_400), '2015-01-01')
    assert.equal(readMember(date, 1_420_104_600_000), '2015-01-01T09:30:00Z')
  })

  it('of any other kind does not fit', () => {
    for (const member of [true, false, {}, [], [1], { a: 1 }, undefined, NaN, Infinity]) {
      for (const field of [number, integer, time, date, dayOfMonth]) {
        assert.ok(readMember(field, member) instanceof Misfit, `${field.type} ${typeof member}`)
      }
    }
    assert.ok(readMember(time, 9.5) instanceof Misfit)
    assert.ok(readMember(date, 1e300) instanceof Misfit)
    assert.ok(readMember(text, {}) instanceof Misfit)
  })

  it('is a number but for times of day, which are text with their leading zeros', () => {
    assert.equal(toMember(time, 5), '0005')
    assert.equal(toMember(time, null), null)
    assert.equal(toMember(number, 5), 5)
    assert.equal(toMember(text, '5'), '5')
  })
})

describe('the calendar', () => {
  it('has the days that Date has', () => {
    for (const year of [1900, 2000, 2015, 2016, 2100]) {
      for (let month = 0; month <= 13; month++) {
        for (let day = 0; day <= 32; day++) {
          const moment = new Date(Date.UTC(year, month - 1, day))
          assert.equal(isDay(year, month, day), moment.getUTCMonth() === month - 1 && moment.getUTCDate() === day)
        }
      }
    }
  })

  it('comes after the earlier ones of its series', () => {
    const series = [
      '2014-12-31',
      '2015-01-02',
      '2015-03-07T23:59:00-05:00',
      '2015-03-08', // the bar of midnight, among moments
      '2015-03-08T00:01:00-05:00',
      '2015-11-01T01:59:00-04:00',
      '2015-11-01T01:00:00-05:00', // a minute later, when the clocks go back
    ]
    for (let i = 1; i < series.length; i++) {
      const [before = '', after = ''] = [series[i - 1], series[i]]
      assert.ok(isLaterDate(after, before), `${after} after ${before}`)
      assert.ok(!isLaterDate(before, after), `${before} after ${after}`)
      assert.ok(!isLaterDate(after, after))
    }
    assert.ok(isLaterDate('2015-01-01', ''))
  })

  it('takes days and moments without a zone as UTC', () => {
    assert.equal(epochOf('2015-01-01'), 1_420_070_400_000)
    assert.equal(epochOf('2015-01-01T09:30:00'), 1_420_104_600_000)
    assert.equal(epochOf('2015-01-01T09:30:00Z'), 1_420_104_600_000)
    assert.equal(epochOf('2015-01-01T09:30:00-05:00'), 1_420_122_600_000)
  })
})
