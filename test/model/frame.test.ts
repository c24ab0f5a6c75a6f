import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import * as fc from 'fast-check'
import { absent, createFrame } from '../../src/model/frame.ts'
import { flightSchema } from '../../src/model/flight.ts'
import { frameOfCells, reasonsOf, thingNames, thingSchema } from './rows.ts'

const noSample = (): string => assert.fail('a sample is asked for although the record fits')

describe('a frame', () => {
  it('knows a value, an empty cell and a column that is not there', () => {
    const frame = createFrame(thingSchema, 'a.csv')
    frame.addCells(['price', undefined, 'label'], ['', 'x', 'A'], 2)
    frame.addRecord({ LABEL: 'B', 'Adj Close': 0, COUNT: null, other: {} }, 7, noSample)
    assert.deepEqual(
      thingNames.map((name) => frame.cellAt(name, 0)),
      ['A', null, absent, absent, absent],
    )
    assert.deepEqual(
      thingNames.map((name) => frame.cellAt(name, 1)),
      ['B', 0, null, absent, absent],
    )
    assert.deepEqual(frame.recordAt(0), { Label: 'A', 'Adj Close': null })
    assert.deepEqual(frame.recordAt(1), { Label: 'B', 'Adj Close': 0, COUNT: null })
    assert.deepEqual(frame.cellsAt(1), ['B', '0', '', '', ''])
    assert.deepEqual([frame.positionAt(0), frame.positionAt(1), frame.originAt(1)], [2, 7, 'a.csv'])
  })

  it('has nothing outside of its rows', () => {
    const frame = frameOfCells(['A', '1', '2', '3', ''])
    for (const index of [-1, 1, 5_000]) {
      assert.equal(frame.cellAt('label', index), absent)
      assert.equal(frame.positionAt(index), -1)
    }
  })

  it('shows a row as a cursor that moves', () => {
    const frame = frameOfCells(['A', '1.5', '2', '0905', '2015-01-31'], ['B', '', '', '', ''])
    const first = frame.rowAt(0)
    assert.deepEqual({ ...first }, { label: 'A', price: 1.5, count: 2, time: 905, day: '2015-01-31' })
    const second = frame.rowAt(1)
    assert.deepEqual({ ...second }, { label: 'B', price: null, count: null, time: null, day: null })
    assert.equal(first, second)
  })

  it('leaves the cursor where it is when a row is added', () => {
    const frame = createFrame(flightSchema, 'a')
    const add = (day: string): void => frame.addCells(['year', 'month', 'day', 'airline'], ['2015', '1', day, 'AA'], 0)
    add('1')
    const row = frame.rowAt(0)
    add('2')
    assert.equal(row.day, 1)
  })

  it('refuses a row whole: nothing of it shows in the next one', () => {
    const frame = frameOfCells(['A', '1', '2', '0905', 'x'], ['', '1', '2', '3', ''], ['B', '', '', '', ''])
    assert.equal(frame.length, 1)
    assert.deepEqual(frame.recordAt(0), { Label: 'B', 'Adj Close': null, COUNT: null, DEP_TIME: null, Date: null })
    assert.deepEqual(frame.refusals, [
      { position: 2, reason: 'Date: "x" is not a date such as 2015-01-31', sample: 'A,1,2,0905,x' },
      { position: 3, reason: 'Label is empty', sample: ',1,2,3,' },
    ])
    const records = createFrame(thingSchema, 'topic')
    records.addRecord({ 'Adj Close': 3, Label: {} }, 0, () => 'first')
    records.addRecord({ 'Adj Close': 3 }, 1, () => 'second')
    records.addRecord({ Label: 'C' }, 2, noSample)
    assert.deepEqual(records.recordAt(0), { Label: 'C' })
    assert.deepEqual(reasonsOf(records), ['Label: "{}" is not text', 'Label is missing'])
  })

  it('refuses a record with a member named __proto__, and takes nothing from any prototype', () => {
    const frame = createFrame(thingSchema, 'topic')
    frame.addRecord(JSON.parse('{"__proto__":{"Label":"A"},"Label":"B"}'), 1, () => 'sample')
    frame.addRecord(Object.create({ Label: 'A' }), 2, () => 'sample')
    assert.deepEqual(reasonsOf(frame), ['the record has a member named __proto__', 'Label is missing'])
    frame.addRecord({ Label: '__proto__' }, 3, noSample)
    assert.equal(frame.cellAt('label', 0), '__proto__')
  })

  it('takes the first of two members for the same field, and records of other members after it', () => {
    const frame = createFrame(thingSchema, 'topic')
    frame.addRecord({ Symbol: 'A', Label: 'B', 'Adj Close': 1 }, 1, noSample)
    frame.addRecord({ 'Adj Close': 2, Label: 'C', Symbol: 'D' }, 2, noSample)
    frame.addRecord({ Label: 'E' }, 3, noSample)
    assert.deepEqual(
      [0, 1, 2].map((i) => frame.recordAt(i)),
      [{ Label: 'A', 'Adj Close': 1 }, { Label: 'C', 'Adj Close': 2 }, { Label: 'E' }],
    )
  })

  it('keeps the beginning of a long sample', () => {
    const frame = frameOfCells(['A', 'x'.repeat(5_000), '', '', ''])
    assert.equal(frame.refusals[0]?.sample.length, 2_048)
  })

  it('keeps nothing else of what a refusal is about', () => {
    const frame = createFrame(thingSchema, 'topic')
    const before = process.memoryUsage().heapUsed
    for (let i = 0; i < 100; i++) {
      const long = Buffer.alloc(1_000_000, 65 + (i % 20)).toString('latin1')
      frame.addRecord({ Label: 'A', Date: long }, i, () => long)
    }
    assert.equal(frame.refusals.length, 100)
    setFlagsFromString('--expose-gc')
    runInNewContext('gc')()
    assert.ok(process.memoryUsage().heapUsed - before < 20_000_000)
  })

  it('has only the fields that are read: the others are absent and not judged, not even those that are required', () => {
    const frame = createFrame(thingSchema, 'topic', 1, ['price', 'time'])
    frame.addRecord({ 'Adj Close': 2, COUNT: 99, Date: {}, DEP_TIME: '0905' }, 1, noSample)
    frame.addCells(['label', 'price', 'day'], ['', '3', 'x'], 2)
    assert.equal(frame.length, 2)
    assert.deepEqual({ ...frame.rowAt(0) }, { label: null, price: 2, count: null, time: 905, day: null })
    assert.equal(frame.cellAt('count', 0), absent)
    assert.deepEqual(frame.recordAt(0), { 'Adj Close': 2, DEP_TIME: '0905' })
    assert.deepEqual(frame.cellsAt(1), ['', '3', '', '', ''])
    assert.equal(frame.cellsOf('price').kind, 'number')
    assert.throws(() => frame.cellsOf('label'), /label is not a field of things that was read/)
    frame.addRecord({ 'Adj Close': 'x', Label: 'A' }, 3, () => 'sample')
    assert.deepEqual(reasonsOf(frame), ['Adj Close: "x" is not a number'])
    const copy = createFrame(thingSchema, 'copy', 1, ['time', 'label'])
    copy.addRow(frame, 0)
    assert.deepEqual(copy.recordAt(0), { DEP_TIME: '0905' })
  })

  it("runs the schema's check where all that it reads is read", () => {
    const june31 = { YEAR: 2015, MONTH: 6, DAY: 31, AIRLINE: 'AA' }
    const whole = createFrame(flightSchema, 'topic', 1, ['day', 'month', 'year'])
    whole.addRecord(june31, 1, () => 'sample')
    assert.deepEqual(reasonsOf(whole), ['the calendar has no day 2015-6-31'])
    const part = createFrame(flightSchema, 'topic', 1, ['year', 'month', 'airline'])
    part.addRecord(june31, 1, noSample)
    assert.equal(part.length, 1)
  })

  it('copies a row of another frame with its states, origin and position', () => {
    const from = createFrame(thingSchema, 'b.csv')
    from.addCells(['label', 'price', 'count'], ['B', '', '4'], 9)
    const merged = createFrame(thingSchema, 'both', 1)
    merged.addCells(['label'], ['A'], 1)
    merged.addRow(from, 0)
    merged.addCells(['label'], ['C'], 2)
    merged.addRow(from, 0)
    assert.deepEqual(merged.recordAt(1), { Label: 'B', 'Adj Close': null, COUNT: 4 })
    assert.deepEqual(
      [0, 1, 2, 3].map((i) => [merged.originAt(i), merged.positionAt(i)]),
      [
        ['both', 1],
        ['b.csv', 9],
        ['both', 2],
        ['b.csv', 9],
      ],
    )
    const again = createFrame(thingSchema, 'all')
    again.addRow(merged, 1)
    again.addRow(merged, 2)
    assert.deepEqual([again.originAt(0), again.originAt(1)], ['b.csv', 'both'])
  })

  it('gives back the rows it took, however far it grows', () => {
    const row = fc.tuple(
      fc.string({ minLength: 1, maxLength: 3 }),
      fc.integer().map(String),
      fc.integer({ min: 0, max: 31 }).map(String),
      fc.constantFrom('0000', '0905', '2400', ''),
      fc.constantFrom('2015-01-31', ''),
    )
    fc.assert(
      fc.property(fc.array(row, { maxLength: 50 }), (rows) => {
        const frame = frameOfCells(...rows)
        assert.equal(frame.length, rows.length)
        rows.forEach((cells, i) => assert.deepEqual(frame.cellsAt(i), cells))
      }),
    )
  })
})
