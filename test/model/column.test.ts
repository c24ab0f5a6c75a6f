import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { absent, createColumn, TextColumn, type Cell } from '../../src/model/column.ts'
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

  it('of text has each text once in its dictionary, until that begins anew', () => {
    const column = createColumn(optional('text', 'C'), 3)
    assert.ok(column instanceof TextColumn)
    column.set(0, 'a')
    column.set(1, 'bb')
    column.setCode(2, column.codeOf('a'))
    const { texts, codes } = column.cells
    assert.deepEqual(
      [[...texts], [...codes]],
      [
        ['a', 'bb'],
        [0, 1, 0],
      ],
    )
    assert.ok(column.has('bb') && !column.has('c'))
    const bytes = column.dictionaryBytes
    column.codeOf('long '.repeat(100))
    assert.ok(column.dictionaryBytes >= bytes + 1_000)
    column.startAnew()
    assert.equal(column.codeOf('bb'), 0)
    assert.ok(column.cells.texts !== texts && !column.has('a') && column.dictionaryBytes < bytes)
  })

  it('has no cell where none was made room for', () => {
    assert.equal(createColumn(optional('number', 'C'), 1).cellAt(1), absent)
    assert.equal(createColumn(optional('text', 'C'), 1).cellAt(-1), absent)
  })
})
