import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  count,
  findUnmergeable,
  highest,
  latest,
  lowest,
  mergeValues,
  number,
  type NumberField,
  sum,
  text,
} from '../../src/analyses/state.ts'

/** How many rows, or what a row is worth: the value of each kind of field after some rows. */
const folds: readonly [string, NumberField, (before: number, row: number) => number][] = [
  ['a count', count(), (before) => before + 1],
  ['a sum', sum(), (before, row) => before + row],
  ['the lowest', lowest(), (before, row) => Math.min(before, row)],
  ['the highest', highest(), (before, row) => Math.max(before, row)],
]

describe('a field of a state', () => {
  for (const [name, { initial, merge }, fold] of folds) {
    it(`that is ${name} says how the values of two halves give that of the whole`, () => {
      assert.ok(merge !== undefined)
      for (const rows of [[], [7], [-3, 8, 8], [5, -9, 2, 0, 4]]) {
        for (let cut = 0; cut <= rows.length; cut++) {
          const [first, second] = [rows.slice(0, cut), rows.slice(cut)]
          assert.equal(
            mergeValues(merge, first.reduce(fold, initial), second.reduce(fold, initial)),
            rows.reduce(fold, initial),
          )
        }
      }
    })
  }

  it('that is any other number begins with 0 or with what was asked for, and has no such way', () => {
    assert.deepEqual(number(), { kind: 'number', initial: 0, merge: undefined })
    assert.deepEqual(number(-2.5), { kind: 'number', initial: -2.5, merge: undefined })
  })

  it('is a text, or the last so many numbers', () => {
    assert.deepEqual([text(), latest(14)], [{ kind: 'text' }, { kind: 'latest', length: 14 }])
  })
})

describe('a state', () => {
  it('can be merged when all of its fields can, and names the first that cannot', () => {
    const all = { n: count(), total: sum(), low: lowest(), high: highest() }
    assert.equal(findUnmergeable(all), undefined)
    assert.equal(findUnmergeable({}), undefined)
    for (const other of [number(), text(), latest(2)]) {
      assert.equal(findUnmergeable({ other }), 'other')
      assert.equal(findUnmergeable({ ...all, other }), 'other')
      assert.equal(findUnmergeable({ other, ...all, another: text() }), 'other')
    }
  })
})
