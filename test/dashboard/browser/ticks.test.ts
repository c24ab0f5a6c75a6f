import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { dateTicks } from '../../../src/dashboard/browser/ticks.ts'
import { tradingDays } from './trading-days.ts'

const dates = tradingDays('2017-01-02', 300)

test('ticks name the years where a year begins and the months else', () => {
  const ticks = dateTicks(dates, 240, 299, 10)
  deepEqual(
    ticks.map(({ row, label }) => [dates[row], label]),
    [
      ['2018-01-01', '2018'],
      ['2018-02-01', 'Feb'],
    ],
  )
})

test('ticks are weeks when there is room and years when there is little', () => {
  deepEqual(
    dateTicks(dates, 0, 9, 5).map(({ label }) => label),
    ['9 Jan'],
  )
  deepEqual(
    dateTicks(tradingDays('2000-01-03', 3_000), 0, 2_999, 12).map(({ label }) => label),
    ['2001', '2002', '2003', '2004', '2005', '2006', '2007', '2008', '2009', '2010', '2011'],
  )
})

test('there are never more ticks than wanted', () => {
  for (const ticksMax of [1, 2, 3, 7]) equal(dateTicks(dates, 0, 299, ticksMax).length <= ticksMax, true)
})
