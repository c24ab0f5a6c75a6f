import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { createAlignedColumns } from '../../../src/dashboard/browser/aligned-columns.ts'
import { pictureFlights, sumByAirline, sumOfDay } from '../../../src/dashboard/browser/flights-picture.ts'

test('a chosen airline that has not come yet has a place without counts, and makes no column', () => {
  const columns = createAlignedColumns(10)
  columns.column('WN')[columns.rowFor('2015-01-01')] = 4
  columns.column('DL')[columns.rowFor('2015-01-02')] = 6
  const picture = pictureFlights(columns, ['DL', 'XX'], true)
  deepEqual(picture.counts, [
    [null, 6],
    [null, null],
  ])
  deepEqual(columns.columnNames(), ['WN', 'DL'])
})

test('sums go over the days of an airline and over the airlines of a day', () => {
  const columns = createAlignedColumns(10)
  const first = columns.rowFor('1')
  columns.column('WN')[first] = 4
  columns.column('DL')[first] = 6
  columns.column('WN')[columns.rowFor('2')] = 1
  deepEqual(
    [...sumByAirline(columns)],
    [
      ['WN', 5],
      ['DL', 6],
    ],
  )
  equal(sumOfDay(columns, 0), 10)
  equal(sumOfDay(columns, 1), 1)
})
