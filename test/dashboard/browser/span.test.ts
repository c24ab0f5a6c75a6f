import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'node:test'
import { panSpan, resolveSpan, zoomSpan } from '../../../src/dashboard/browser/span.ts'
import { tradingDays } from './trading-days.ts'

const dates = tradingDays('2017-01-02', 300)

test('a span without an end follows the newest bar', () => {
  deepEqual(resolveSpan({ bars: 63, end: null }, dates), { first: 237, last: 299, bars: 63 })
  deepEqual(resolveSpan({ bars: 63, end: null }, tradingDays('2017-01-02', 301)), { first: 238, last: 300, bars: 63 })
})

test('a span with an end stays where it is while bars are added', () => {
  const end = dates[199] ?? ''
  deepEqual(resolveSpan({ bars: 63, end }, dates), { first: 137, last: 199, bars: 63 })
  deepEqual(resolveSpan({ bars: 63, end }, tradingDays('2017-01-02', 400)), { first: 137, last: 199, bars: 63 })
})

test('a short history keeps the room of a full one', () => {
  deepEqual(resolveSpan({ bars: 126, end: null }, dates.slice(0, 5)), { first: 0, last: 4, bars: 126 })
  deepEqual(resolveSpan({ bars: 126, end: null }, []), { first: 0, last: -1, bars: 126 })
})

test('panning stops at the first bar and follows again at the newest', () => {
  const back = panSpan({ bars: 63, end: null }, dates, -10)
  equal(back.end, dates[289])
  equal(panSpan(back, dates, -1_000).end, dates[62])
  equal(panSpan(back, dates, 10).end, null)
})

test('zooming out over everything shows all, and zooming in stops at ten bars', () => {
  equal(zoomSpan({ bars: 252, end: null }, dates, 2).bars, Number.POSITIVE_INFINITY)
  equal(zoomSpan({ bars: 12, end: null }, dates, 0.1).bars, 10)
})
