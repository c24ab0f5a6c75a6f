import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { absent, createColumn, type Cell } from '../../src/model/column.ts'
import { optional } from '../../src/model/schema.ts'

describe('a column', () => {
  for (const [type, cells] of [
    ['number', [1.5, null, absent, 0, -1e300]],
    ['text', ['a', null, absent, '', 'a', '__proto__']],
    ['date', ['2015-01-31', null]],
  ] as const) {
    it(`of type ${type} keeps its cells in their three states, also while it grows and when they are set again`, () => {
      const column = createColumn(optional(type, 'C'), 1)
      let capacity = 1
      const set = (all: readonly Cell[]): void =>
        all.forEach((cell, i) => {
          if (i >= capacity) column.grow((capacity = i + 1))
          column.set(i, cell)
        })
      set([...cells].toReversed())
      set(cells)
      assert.deepEqual(
        cells.map((_, i) => column.cellAt(i)),
        cells,
      )
    })
  }

  it('has no cell where none was made room for', () => {
    assert.equal(createColumn(optional('number', 'C'), 1).cellAt(1), absent)
    assert.equal(createColumn(optional('text', 'C'), 1).cellAt(-1), absent)
  })
})
