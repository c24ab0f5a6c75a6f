import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { createFrame, type FrameBuilder } from '../../src/model/frame.ts'
import { optional, type Schema } from '../../src/model/schema.ts'
import type { Value } from '../../src/model/value.ts'
import { KeyIndex } from '../../src/pipelines/key-index.ts'

const fields = {
  name: optional('text', 'name'),
  place: optional('text', 'place'),
  price: optional('number', 'price'),
  count: optional('integer', 'count'),
} as const

type PartName = keyof typeof fields
type Part = Value | undefined
type Parts = Readonly<Record<PartName, Part>>

const schema: Schema<typeof fields> = { name: 'parts', fields }
const names = ['name', 'place', 'price', 'count'] as const
const isText = (name: PartName): boolean => fields[name].type === 'text'

function add(frame: FrameBuilder<typeof fields>, rows: readonly Partial<Parts>[]): FrameBuilder<typeof fields> {
  for (const row of rows) {
    const known = Object.fromEntries(Object.entries(row).filter(([, part]) => part !== undefined))
    frame.addRecord(known, frame.length, () => '')
  }
  assert.deepEqual(frame.refusals, [])
  return frame
}

const frameOf = (rows: readonly Partial<Parts>[]): FrameBuilder<typeof fields> =>
  add(createFrame(schema, 'parts', 1), rows)

function slotsOf(index: KeyIndex, frame: FrameBuilder<typeof fields>): number[] {
  return [...index.slotsOf(frame).subarray(0, frame.length)]
}

/** What an index is held against: a map of keys as JSON, in which an empty cell, an absent one and no number are null. */
class Model {
  private readonly columns: readonly PartName[]
  private readonly slots = new Map<string, number>()

  constructor(columns: readonly PartName[]) {
    this.columns = columns
  }

  slotOf(row: Partial<Parts>): number {
    const key = JSON.stringify(this.columns.map((column) => row[column] ?? null))
    const known = this.slots.get(key) ?? this.slots.size
    this.slots.set(key, known)
    return known
  }

  check(index: KeyIndex): void {
    assert.equal(index.size, this.slots.size)
    for (const [key, slot] of this.slots) {
      const values = this.columns.map((column, at) => index.valueAt(at, slot, isText(column)))
      assert.deepEqual(values, JSON.parse(key))
      assert.equal(index.slotOf(values), slot)
    }
    assert.equal(index.size, this.slots.size)
  }
}

/** A double of these bits. */
function doubleOf(high: number, low: number): number {
  return new Float64Array(new Uint32Array([low, high]).buffer)[0] ?? 0
}

/** The `n`th of many keys. */
function manyKeys(n: number): Partial<Parts> {
  if (n % 3 === 0) return { name: `symbol ${n}`, count: 0 }
  // Whole numbers in the high bits of a double, and subnormal ones in the low bits.
  return n % 3 === 1 ? { price: n, count: n } : { name: 'symbol', price: n * 5e-324, count: n % 5 }
}

const word = fc.oneof(
  fc.constantFrom(
    'a',
    'b',
    'ab',
    '__proto__',
    'constructor',
    'null',
    '0',
    '\u0000',
    '\ud800',
    '\udfff',
    '\ufffd',
    'é',
    'é',
  ),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
)
const double = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 2, 0.1, 5e-324, -5e-324, Number.MAX_VALUE, 2 ** 53, 1 / 3),
  // Next to the infinities and to what is no number, and pairs that differ in one half only.
  fc.constantFrom(
    doubleOf(0x7fefffff, 0),
    doubleOf(0x7fefffff, 1),
    doubleOf(0xffefffff, 1),
    doubleOf(0, 1),
    doubleOf(1, 0),
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const integer = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.maxSafeInteger(), fc.constant(-0))
const empty = fc.constantFrom<Part>(null, undefined)
const parts = fc.record<Parts>({
  name: fc.oneof({ weight: 4, arbitrary: word }, empty),
  place: fc.oneof({ weight: 4, arbitrary: word }, empty),
  price: fc.oneof({ weight: 4, arbitrary: double }, empty),
  count: fc.oneof({ weight: 4, arbitrary: integer }, empty),
})

describe('a key index', () => {
  it('gives the slots that a map of keys as JSON gives, for keys of any columns, over many frames', () => {
    fc.assert(
      fc.property(
        fc.subarray([...names], { minLength: 1 }),
        fc.array(fc.array(parts, { maxLength: 30 }), { maxLength: 6 }),
        (columns, frames) => {
          const index = new KeyIndex(columns)
          const model = new Model(columns)
          for (const rows of frames) {
            assert.deepEqual(
              slotsOf(index, frameOf(rows)),
              rows.map((row) => model.slotOf(row)),
            )
          }
          model.check(index)
        },
      ),
      { numRuns: 400 },
    )
  })

  it('finds a key by its values as it does by a row, whichever came first', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(parts, fc.boolean()), { maxLength: 60 }), (keys) => {
        const index = new KeyIndex(names)
        const model = new Model(names)
        for (const [row, isByValues] of keys) {
          const slot = isByValues
            ? index.slotOf(names.map((name) => row[name] ?? null))
            : index.slotsOf(frameOf([row]))[0]
          assert.equal(slot, model.slotOf(row))
        }
        model.check(index)
      }),
    )
  })

  it('takes every pattern of bits that is no number for the same empty cell', () => {
    const index = new KeyIndex(['price'])
    const frame = frameOf([{ price: null }, { price: 1 }, { price: 1 }, { price: 1 }, { price: 1 }, {}])
    const cells = frame.cellsOf('price')
    assert.ok(cells.kind === 'number')
    const bits = new Uint32Array(cells.values.buffer)
    for (const [row, high, low] of [
      [1, 0x7ff80000, 0],
      [2, 0xfff80000, 0],
      [3, 0x7ff80000, 0xdeadbeef],
      [4, 0x7ff00000, 1],
    ] as const) {
      bits[2 * row] = low
      bits[2 * row + 1] = high
      assert.ok(Number.isNaN(cells.values[row]))
    }
    assert.deepEqual(slotsOf(index, frame), [0, 0, 0, 0, 0, 0])
    assert.equal(index.slotOf([null]), 0)
    assert.equal(index.valueAt(0, 0, false), null)
  })

  it('has 0 and -0 in one slot, whose value is 0', () => {
    for (const [first, second] of [
      [0, -0],
      [-0, 0],
    ] as const) {
      const index = new KeyIndex(['price', 'count'])
      assert.deepEqual(
        slotsOf(
          index,
          frameOf([
            { price: first, count: first },
            { price: second, count: second },
          ]),
        ),
        [0, 0],
      )
      assert.deepEqual([index.valueAt(0, 0, false), index.valueAt(1, 0, false)], [0, 0])
    }
  })

  it('keeps the columns of a key apart, and text from numbers', () => {
    const index = new KeyIndex(['name', 'place', 'count'])
    const keys: readonly Partial<Parts>[] = [
      { name: 'a', place: 'b' },
      { name: 'b', place: 'a' },
      { name: 'a', place: 'a' },
      { name: 'a' },
      { place: 'a' },
      { name: '0', count: 0 },
      { name: '0', count: 1 },
      { name: '1', count: 0 },
      {},
    ]
    assert.deepEqual(slotsOf(index, frameOf([...keys, ...keys])), [...keys.keys(), ...keys.keys()])
  })

  it('follows a dictionary that grows behind its back', () => {
    const index = new KeyIndex(['name', 'count'])
    const model = new Model(['name', 'count'])
    const frame = createFrame(schema, 'parts', 1)
    let rows: Partial<Parts>[] = []
    for (let turn = 0; turn < 20; turn++) {
      const more = Array.from({ length: 10 }, (_, n) => ({ name: `${(turn * 7 + n * n) % 60}`, count: n % 3 }))
      add(frame, more)
      rows = [...rows, ...more]
      assert.deepEqual(
        slotsOf(index, frame),
        rows.map((row) => model.slotOf(row)),
      )
    }
    model.check(index)
  })

  it('reads another dictionary by its own codes, also when it goes back and forth between two', () => {
    const index = new KeyIndex(['name'])
    const one = frameOf(['a', 'b', 'c'].map((name) => ({ name })))
    const other = frameOf(['c', 'd', 'a', 'b'].map((name) => ({ name })))
    assert.deepEqual(slotsOf(index, one), [0, 1, 2])
    assert.deepEqual(slotsOf(index, other), [2, 3, 0, 1])
    add(one, [{ name: 'd' }, { name: 'e' }])
    assert.deepEqual(slotsOf(index, one), [0, 1, 2, 3, 4])
    assert.deepEqual(slotsOf(index, other), [2, 3, 0, 1])
  })

  it('gives slots for a frame longer than any before it', () => {
    const index = new KeyIndex(['count'])
    for (const length of [3, 5_000, 1, 1_024, 20_000]) {
      const rows = Array.from({ length }, (_, n) => ({ count: n % 7 }))
      assert.deepEqual(
        slotsOf(index, frameOf(rows)),
        rows.map(({ count }) => Math.min(count, length)),
      )
    }
    assert.equal(index.size, 7)
  })

  it('keeps every slot while it grows beyond 100,000 keys, some of which differ in little', () => {
    const index = new KeyIndex(['name', 'price', 'count'])
    const frames = Array.from({ length: 12 }, (_, turn) =>
      frameOf(Array.from({ length: 10_000 }, (_each, n) => manyKeys(turn * 10_000 + n))),
    )
    for (const again of [false, true]) {
      frames.forEach((frame, turn) => {
        const slots = index.slotsOf(frame)
        for (let n = 0; n < frame.length; n++) {
          if (slots[n] !== turn * 10_000 + n) assert.fail(`key ${turn * 10_000 + n} has slot ${slots[n]}, ${again}`)
        }
      })
      assert.equal(index.size, 120_000)
    }
    for (let n = 0; n < 120_000; n += 997) {
      const { name = null, price = null, count = null } = manyKeys(n)
      assert.deepEqual(
        [index.valueAt(0, n, true), index.valueAt(1, n, false), index.valueAt(2, n, false)],
        [name, price, count],
      )
    }
  })

  it('finds keys that differ in one half of a double as fast as others', () => {
    const usual = millisecondsFor((n) => n * 1.7)
    // A hash of one half would have all of these in one heap, and take a thousand times as long to walk through it.
    for (const keyOf of [(n: number) => doubleOf(0x40000000, n), (n: number) => doubleOf(0x40000000 + n, 0)]) {
      assert.ok(millisecondsFor(keyOf) < 50 * usual)
    }
  })
})

function millisecondsFor(keyOf: (n: number) => number): number {
  const index = new KeyIndex(['price'])
  const before = performance.now()
  for (let n = 0; n < 30_000; n++) assert.equal(index.slotOf([keyOf(n)]), n)
  return performance.now() - before
}
