import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { describeAroon, describeBollinger, describeFlights } from '../../../src/dashboard/browser/summaries.ts'

test('the band is spoken of in deviations from its middle', () => {
  equal(describeBollinger(103, 100, 104, 96), 'Inside the band, 1.5 deviations above its middle.')
  equal(describeBollinger(97, 100, 104, 96), 'Inside the band, 1.5 deviations below its middle.')
  equal(describeBollinger(100, 100, 104, 96), 'Inside the band, at its middle.')
})

test('a close outside the band is said to be outside', () => {
  equal(describeBollinger(105, 100, 104, 96), 'Above the band, 2.5 deviations above its middle.')
  equal(describeBollinger(95, 100, 104, 96), 'Below the band, 2.5 deviations below its middle.')
})

test('a band that is missing or has no width is said so', () => {
  equal(describeBollinger(null, null, null, null), 'No bar yet.')
  equal(describeBollinger(100, null, null, null), 'Too few bars for a band yet.')
  equal(describeBollinger(100, 100, 100, 100), 'The band has no width: twenty closes in a row are equal.')
})

test('Aroon is read as near to a high, near to a low, or which is younger', () => {
  equal(describeAroon(92.86, 7.14), 'Aroon up 93, down 7: near its 14-day high.')
  equal(describeAroon(7.14, 92.86), 'Aroon up 7, down 93: near its 14-day low.')
  equal(describeAroon(100, 50), 'Aroon up 100, down 50: at its 14-day high.')
  equal(describeAroon(50, 100), 'Aroon up 50, down 100: at its 14-day low.')
  equal(describeAroon(60, 50), 'Aroon up 60, down 50: its high is younger than its low.')
  equal(describeAroon(50, 50), 'Aroon up 50, down 50: no direction.')
  equal(describeAroon(null, null), 'Too few bars for Aroon yet.')
})

test('flights are summed over the chosen, with the busiest named', () => {
  const counts = [
    { airline: 'WN', flights: 2_758 },
    { airline: 'DL', flights: 1_559 },
  ]
  equal(
    describeFlights('2015-01-03', counts, true),
    '4,317 flights on 3 Jan so far by the 2 chosen, most by Southwest Airlines (2,758).',
  )
  equal(describeFlights('2015-01-03', counts.slice(0, 1), false), '2,758 flights on 3 Jan by Southwest Airlines.')
  equal(describeFlights(undefined, [], true), 'No flight counted yet.')
})
