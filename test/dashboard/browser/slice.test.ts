import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { createAlignedColumns } from '../../../src/dashboard/browser/aligned-columns.ts'
import { boundsOf, countValues, sliceColumns } from '../../../src/dashboard/browser/slice.ts'

test('a slice holds the shown rows of every column under their row numbers', () => {
  const columns = createAlignedColumns(100)
  for (const key of ['1', '2', '3', '4']) columns.column('close')[columns.rowFor(key)] = Number(key)
  const slice = sliceColumns(columns, { first: 1, last: 2, bars: 2 })
  deepEqual(slice.rows, [1, 2])
  deepEqual(slice.dates, ['2', '3'])
  deepEqual(slice.close, [2, 3])
  deepEqual(slice.middle, [null, null])
})

test('a slice of nothing is empty', () => {
  const slice = sliceColumns(createAlignedColumns(100), { first: 0, last: -1, bars: 60 })
  deepEqual([slice.rows, slice.dates, slice.close], [[], [], []])
})

test('bounds go over all columns and pass over what is missing', () => {
  deepEqual(boundsOf([null, 3], [1, null, 9]), [1, 9])
  equal(boundsOf([null], []), undefined)
  equal(countValues([null, 1, null, 0]), 2)
})
