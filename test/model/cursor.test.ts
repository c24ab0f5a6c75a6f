import assert from 'node:assert/strict'
import { it } from 'node:test'
import { absent, createColumn } from '../../src/model/column.ts'
import { createCursor } from '../../src/model/cursor.ts'
import { optional, required } from '../../src/model/schema.ts'

it('a cursor shows the rows of its own columns, empty and absent cells as null', () => {
  const schema = { name: 'pairs', fields: { name: required('text', 'N'), count: optional('integer', 'C') } }
  const cursors = ['a', 'b'].map((name) => {
    const columns = Object.values(schema.fields).map((field) => createColumn(field, 3))
    ;([1, null, absent] as const).forEach((count, i) => {
      columns[0]?.set(i, name + i)
      columns[1]?.set(i, count)
    })
    return createCursor(schema, columns)
  })
  const [a, b] = cursors
  assert.deepEqual({ ...a?.moveTo(0) }, { name: 'a0', count: 1 })
  assert.deepEqual({ ...b?.moveTo(1) }, { name: 'b1', count: null })
  assert.deepEqual({ ...a?.moveTo(2) }, { name: 'a2', count: null })
  assert.deepEqual(Object.keys(a?.moveTo(0) ?? {}), ['name', 'count'])
})
