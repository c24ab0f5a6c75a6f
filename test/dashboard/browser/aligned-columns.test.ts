import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { createAlignedColumns, firstRowFrom } from '../../../src/dashboard/browser/aligned-columns.ts'

test('a row keeps its values while others are put before it', () => {
  const columns = createAlignedColumns(100)
  const values = columns.column('value')
  for (const key of ['5', '1', '9', '3', '5', '7']) values[columns.rowFor(key)] = Number(key)
  deepEqual(columns.keys, ['1', '3', '5', '7', '9'])
  deepEqual(values, [1, 3, 5, 7, 9])
})

test('a column that comes later is null for the rows before it', () => {
  const columns = createAlignedColumns(100)
  columns.rowFor('1')
  columns.column('late')[columns.rowFor('2')] = 2
  deepEqual(columns.column('late'), [null, 2])
})

test('rows that come in any order end as if they had come in order', () => {
  const keys = Array.from({ length: 200 }, (_, at) => String(1_000 + ((at * 37) % 200)))
  const columns = createAlignedColumns(1_000)
  for (const key of keys) columns.column('value')[columns.rowFor(key)] = Number(key)
  deepEqual(columns.keys, keys.toSorted())
  deepEqual(columns.column('value').map(String), columns.keys)
})

test('the oldest rows go when it is full, and none older is taken', () => {
  const columns = createAlignedColumns(10)
  const values = columns.column('value')
  for (let key = 10; key < 30; key += 1) values[columns.rowFor(String(key))] = key
  equal(columns.keys.length <= 10, true)
  equal(columns.keys.at(-1), '29')
  deepEqual(values.map(String), columns.keys)
  const full = createAlignedColumns(2)
  full.rowFor('5')
  full.rowFor('6')
  equal(full.rowFor('4'), -1)
  deepEqual(full.keys, ['5', '6'])
})

test('the first row from a key is the one that is not before it', () => {
  equal(firstRowFrom(['2', '4'], '1'), 0)
  equal(firstRowFrom(['2', '4'], '3'), 1)
  equal(firstRowFrom(['2', '4'], '4'), 1)
  equal(firstRowFrom(['2', '4'], '5'), 2)
})
