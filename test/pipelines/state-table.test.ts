import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import {
  count,
  type Latest,
  latest,
  lowest,
  number,
  type State,
  type StateFields,
  sum,
  text,
} from '../../src/analyses/state.ts'
import { StateTable } from '../../src/pipelines/state-table.ts'

const fields = {
  n: count(),
  low: lowest(),
  seven: number(7),
  name: text(),
  last: latest(1),
  three: latest(3),
  five: latest(5),
} as const satisfies StateFields

type Name = keyof typeof fields
type LatestName = 'last' | 'three' | 'five'
const latestNames: readonly LatestName[] = ['last', 'three', 'five']

/** A state of `fields` as an analysis sees it. */
function stateAt(table: StateTable, slot: number): State<typeof fields> {
  const state: unknown = table.at(slot)
  assert.ok(isState(state))
  return state
}

function isState(state: unknown): state is State<typeof fields> {
  return typeof state === 'object' && state !== null && Object.keys(fields).every((name) => name in state)
}

/** What a table is held against: a plain object a slot. */
type Plain = Record<'n' | 'low' | 'seven', number> & Record<LatestName, number[]> & { name: string }

const plainAtFirst = (): Plain => ({ n: 0, low: Infinity, seven: 7, name: '', last: [], three: [], five: [] })

function valuesOf(all: Latest): number[] {
  return Array.from({ length: all.length }, (_, index) => all.at(index))
}

function checkState(state: State<typeof fields>, plain: Plain): void {
  assert.deepEqual([state.n, state.low, state.seven, state.name], [plain.n, plain.low, plain.seven, plain.name])
  for (const name of latestNames) {
    assert.deepEqual(valuesOf(state[name]), plain[name], name)
    for (const beyond of [-1, plain[name].length, fields[name].length, 2 * fields[name].length]) {
      assert.ok(Number.isNaN(state[name].at(beyond)), `${name} has none at ${beyond}`)
    }
  }
}

interface Change {
  readonly slot: number
  readonly name: Name
  readonly value: number
  readonly isReplacing: boolean
  /** Where the state is put by storing and restoring it, if it is. */
  readonly restoredAt: number | undefined
  /** Which state is put back to its beginning, if one is. */
  readonly clearedAt: number | undefined
}

function change(state: State<typeof fields>, { name, value, isReplacing }: Change): void {
  if (name === 'name') state.name = `text ${value}`
  else if (name === 'n' || name === 'low' || name === 'seven') state[name] = value
  else if (isReplacing) state[name].replaceNewest(value)
  else state[name].push(value)
}

function changePlain(plain: Plain, { name, value, isReplacing }: Change): void {
  if (name === 'name') plain.name = `text ${value}`
  else if (name === 'n' || name === 'low' || name === 'seven') plain[name] = value
  else {
    const kept = isReplacing ? plain[name].slice(0, -1) : plain[name]
    plain[name] = [...kept, value].slice(-fields[name].length)
  }
}

const special = fc.constantFrom(
  0,
  -0,
  NaN,
  Infinity,
  -Infinity,
  5e-324,
  -5e-324,
  2.225073858507201e-308,
  2.2250738585072014e-308,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Number.MAX_SAFE_INTEGER,
  2 ** 64,
  0.1,
  1e21,
  1e-7,
)
const anyNumber = fc.oneof(special, fc.double())
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\ud800', 'a\udfff', '\udc00\ud800', '\u0000', '"', '\\', '__proto__', '\u2028', 'é😀'),
)

/** A table with this state at its slot 0. */
function tableWith(state: Plain): StateTable {
  const table = new StateTable(fields)
  const kept = stateAt(table, 0)
  kept.n = state.n
  kept.low = state.low
  kept.seven = state.seven
  kept.name = state.name
  for (const name of latestNames) for (const value of state[name]) kept[name].push(value)
  return table
}

/** What slot `slot` of many holds: other numbers than any other, and as many last ones as it turns out. */
function plainOf(slot: number): Plain {
  const rows = Array.from({ length: slot % 11 }, (_, n) => slot + n / 8)
  const [last, three, five] = [rows.slice(-1), rows.slice(-3), rows.slice(-5)]
  return { n: slot, low: -slot, seven: 1 / slot, name: `name ${slot}`, last, three, five }
}

/** What a table of these fields takes when `slot` is its last. */
function bytesOf(declared: StateFields, slot: number): number {
  const table = new StateTable(declared)
  table.at(slot)
  return table.bytes
}

describe('a state table', () => {
  it('keeps what plain objects keep, whatever is changed, stored, restored and cleared at whatever slots', () => {
    // Few slots, so that many changes meet in one; some beyond the room there is at first, and beyond its double.
    const slot = fc.oneof({ weight: 6, arbitrary: fc.nat({ max: 3 }) }, fc.constantFrom(63, 64, 65, 127, 128, 500))
    const changes = fc.array(
      fc.record<Change>({
        slot,
        name: fc.constantFrom('n', 'low', 'seven', 'name', 'last', 'three', 'five', 'three', 'five'),
        value: anyNumber,
        isReplacing: fc.boolean(),
        restoredAt: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, slot),
        clearedAt: fc.oneof({ weight: 19, arbitrary: fc.constant(undefined) }, slot),
      }),
      { maxLength: 120 },
    )
    fc.assert(
      fc.property(changes, (given) => {
        const table = new StateTable(fields)
        const model = new Map<number, Plain>()
        for (const each of given) {
          const plain = model.get(each.slot) ?? plainAtFirst()
          model.set(each.slot, plain)
          changePlain(plain, each)
          change(stateAt(table, each.slot), each)
          checkState(stateAt(table, each.slot), plain)
          if (each.restoredAt !== undefined) {
            table.decode(each.restoredAt, JSON.parse(table.encode(each.slot)))
            model.set(each.restoredAt, structuredClone(plain))
          }
          if (each.clearedAt !== undefined) {
            table.clear(each.clearedAt)
            model.delete(each.clearedAt)
          }
        }
        for (const at of [0, 1, 2, 3, 4, 62, 63, 64, 65, 66, 126, 127, 128, 129, 499, 500, 501, 2_000]) {
          checkState(stateAt(table, at), model.get(at) ?? plainAtFirst())
        }
      }),
      { numRuns: 300 },
    )
  })

  it('keeps the last numbers as an array does, through many turns of its room', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.array(fc.tuple(fc.nat({ max: 2 }), fc.boolean(), anyNumber), { minLength: 40, maxLength: 90 }),
        (length, pushes) => {
          const table = new StateTable({ kept: latest(length) })
          const model: number[][] = [[], [], []]
          for (const [slot, isReplacing, value] of pushes) {
            const { kept } = Object(table.at(slot))
            const before = model[slot] ?? []
            if (isReplacing) kept.replaceNewest(value)
            else kept.push(value)
            model[slot] = [...(isReplacing ? before.slice(0, -1) : before), value].slice(-length)
            // The neighbours, whose rooms begin and end where this one's does, are looked at too.
            model.forEach((expected, at) => assert.deepEqual(valuesOf(Object(table.at(at)).kept), expected))
          }
        },
      ),
    )
  })

  it('begins every slot with what was declared, however far beyond the others it is', () => {
    const table = new StateTable(fields)
    for (const slot of [0, 63, 64, 100_000]) checkState(stateAt(table, slot), plainAtFirst())
  })

  it('puts a slot back to its beginning, and no other', () => {
    const full = { ...plainAtFirst(), n: 1, low: 2, seven: 3, name: 'a', last: [4], three: [5, 6, 7], five: [8, 9] }
    const table = new StateTable(fields)
    for (const slot of [0, 1, 2]) table.decode(slot, JSON.parse(tableWith(full).encode(0)))
    table.clear(1)
    checkState(stateAt(table, 1), plainAtFirst())
    for (const slot of [0, 2]) checkState(stateAt(table, slot), full)
    stateAt(table, 1).three.push(10)
    checkState(stateAt(table, 1), { ...plainAtFirst(), three: [10] })
    table.clear(200)
    checkState(stateAt(table, 200), plainAtFirst())
  })

  it('keeps all states while it grows', () => {
    const table = new StateTable(fields)
    const slots = 3_000
    for (let slot = 0; slot < slots; slot++) {
      const state = stateAt(table, slot)
      const { n, low, seven, name } = plainOf(slot)
      state.n = n
      state.low = low
      state.seven = seven
      state.name = name
      for (let row = 0; row < slot % 11; row++) {
        for (const each of latestNames) state[each].push(slot + row / 8)
      }
    }
    for (let slot = 0; slot < slots; slot++) checkState(stateAt(table, slot), plainOf(slot))
    checkState(stateAt(table, slots), plainAtFirst())
  })

  it('tells about how much memory its states take, which grows with the slots and with what they hold', () => {
    assert.equal(bytesOf({ a: sum(), b: count() }, 63), 64 * 16)
    assert.equal(bytesOf({ a: sum(), b: count() }, 64), 128 * 16)
    assert.equal(bytesOf({ kept: latest(100) }, 0), 64 * (2 * 100 * 8 + 8))
    assert.ok(bytesOf({ a: text() }, 1_000) >= 1_000 * 8)
  })
})

describe('a stored state', () => {
  it('gives every number and text back bit for bit, as text that any encoding keeps', () => {
    const state = fc.record<Plain>({
      n: anyNumber,
      low: anyNumber,
      seven: anyNumber,
      name: anyText,
      last: fc.array(anyNumber, { maxLength: 1 }),
      three: fc.array(anyNumber, { maxLength: 3 }),
      five: fc.array(anyNumber, { maxLength: 5 }),
    })
    fc.assert(
      fc.property(state, fc.nat({ max: 70 }), (given, slot) => {
        const stored = tableWith(given).encode(0)
        // It is kept as UTF-8, in which half a surrogate pair would become another character.
        assert.ok(stored.isWellFormed() && !stored.includes('\u0000'))
        const other = new StateTable(fields)
        other.decode(slot, JSON.parse(stored))
        // Strictly equal tells 0 from -0.
        checkState(stateAt(other, slot), given)
        assert.equal(other.encode(slot), stored)
        checkState(stateAt(other, slot + 1), plainAtFirst())
      }),
      { numRuns: 500 },
    )
  })

  it('is a JSON object of the fields in their order', () => {
    const given = { ...plainAtFirst(), n: -0, low: NaN, name: 'a"\ud800', three: [1, -Infinity], five: [0.1] }
    assert.equal(
      tableWith(given).encode(0),
      String.raw`{"n":-0,"low":"NaN","seven":7,"name":"a\"\ud800","last":[],"three":[1,"-Infinity"],"five":[0.1]}`,
    )
    assert.equal(new StateTable({}).encode(5), '{}')
  })

  it('takes the place of whatever was at the slot', () => {
    const table = tableWith({ ...plainAtFirst(), n: 1, name: 'old', three: [1, 2, 3], five: [4, 5] })
    const other = { ...plainAtFirst(), three: [9], last: [8] }
    table.decode(0, JSON.parse(tableWith(other).encode(0)))
    checkState(stateAt(table, 0), other)
    stateAt(table, 0).three.push(10)
    checkState(stateAt(table, 0), { ...other, three: [9, 10] })
  })

  it('that is none of this table is refused', () => {
    const good = new StateTable(fields).encode(0)
    const changed = (part: string, other: string): string => {
      assert.ok(good.includes(part), part)
      return good.replace(part, () => other)
    }
    const refused: readonly string[] = [
      'null',
      '7',
      '"{}"',
      'true',
      '[]',
      `[${good}]`,
      '{}',
      changed('"n":0,', ''),
      changed('"name":"",', ''),
      changed(',"five":[]', ''),
      changed('"n":0', '"N":0'),
      changed('{', '{"other":0,'),
      changed('{', '{"__proto__":0,'),
      ...['null', 'true', '"0"', '"nan"', '"+Infinity"', '""', '[0]', '{}'].map((each) =>
        changed('"n":0', `"n":${each}`),
      ),
      ...['null', '7', '[""]', '{}'].map((each) => changed('"name":""', `"name":${each}`)),
      ...['null', '7', '"1"', '{}', '{"length":1,"0":1}', '[1,2,3,4]', '[null]', '["1"]', '[1,[2]]', '[1,{}]'].map(
        (each) => changed('"three":[]', `"three":${each}`),
      ),
      changed('"last":[]', '"last":[1,2]'),
    ]
    for (const state of refused) {
      const table = new StateTable(fields)
      assert.throws(() => table.decode(3, JSON.parse(state)), SyntaxError, state)
      for (const neighbour of [2, 4]) checkState(stateAt(table, neighbour), plainAtFirst())
    }
    for (const missing of [undefined, () => {}, Symbol('state')]) {
      assert.throws(() => new StateTable(fields).decode(0, missing), SyntaxError)
    }
    new StateTable(fields).decode(3, JSON.parse(good))
  })

  it('is of the analysis with the settings it was written with: fewer last numbers than there are do not fit', () => {
    const wide = new StateTable({ kept: latest(3) })
    for (const value of [1, 2, 3]) Object(wide.at(0)).kept.push(value)
    const narrow = new StateTable({ kept: latest(2) })
    assert.throws(() => narrow.decode(0, JSON.parse(wide.encode(0))), SyntaxError)
  })
})
