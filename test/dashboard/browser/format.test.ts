import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import {
  formatAge,
  formatAmount,
  formatChange,
  formatCount,
  formatDate,
  formatDuration,
  formatFixed,
  formatPercent,
  formatPercentChange,
  formatRate,
  formatWeekday,
} from '../../../src/dashboard/browser/format.ts'

const plain = (text: string): string => text.replaceAll('\u00a0', ' ').replaceAll('\u202f', ' ')

test('thousands have a comma and negative numbers a true minus', () => {
  equal(formatCount(1_234_567), '1,234,567')
  equal(formatCount(-12), '\u221212')
  equal(formatFixed(-1_234.5), '\u22121,234.50')
})

test('a number that rounds to zero has no minus', () => {
  equal(formatFixed(-0.001), '0.00')
  equal(formatChange(-0.001), '+0.00')
})

test('a change has its sign always', () => {
  equal(formatChange(0.8), '+0.80')
  equal(formatChange(-0.8), '\u22120.80')
  equal(plain(formatPercentChange(-0.0045)), '\u22120.45 %')
  equal(plain(formatPercent(0.38)), '38 %')
})

test('ages go from milliseconds to seconds, minutes and then the time of day', () => {
  const ages: readonly (readonly [number, string])[] = [
    [-5, '0 ms'],
    [42, '42 ms'],
    [999.4, '999 ms'],
    [999.6, '1.0 s'],
    [3_100, '3.1 s'],
    [9_960, '10 s'],
    [59_400, '59 s'],
    [59_600, '1 min'],
    [125_000, '2 min'],
    [3_599_999, '59 min'],
  ]
  const now = Date.parse('2026-03-05T14:31:52Z')
  for (const [ageMs, text] of ages) equal(plain(formatAge(now - ageMs, now, 'UTC')), text)
  equal(formatAge(now - 3_600_000, now, 'UTC'), '13:31:52')
  equal(formatAge(now - 86_400_000, now, 'UTC'), '4 Mar 2026, 14:31:52')
  equal(plain(formatDuration(1_000)), '1.0 s')
})

test('dates are written with the day first and the month as a word', () => {
  equal(formatDate('2017-12-04'), '4 Dec 2017')
  equal(formatDate('2017-12-04T10:00:00Z'), '4 Dec 2017')
  equal(formatWeekday('2017-12-04'), 'Mon')
})

test('a text that is no date stays as it is', () => {
  equal(formatDate('<b>soon</b>'), '<b>soon</b>')
  equal(formatWeekday('soon'), '')
})

test('a slow rate keeps a decimal, so that it does not read as none', () => {
  equal(formatRate(0), '0/s')
  equal(formatRate(0.4), '0.4/s')
  equal(formatRate(796.4), '796/s')
})

test('large amounts are shortened', () => {
  equal(plain(formatAmount(32_540_000)), '32.5 M')
  equal(plain(formatAmount(12_300)), '12.3 k')
  equal(plain(formatAmount(2_000_000_000)), '2.0 G')
  equal(formatAmount(950), '950')
})
