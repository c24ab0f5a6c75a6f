import { equal } from 'node:assert/strict'
import { test } from 'node:test'
import { airlineLabel, findAirlineName } from '../../../src/dashboard/browser/airline-names.ts'

test('a label is the name without its legal form, or the code where no name is known', () => {
  equal(airlineLabel('WN'), 'Southwest Airlines')
  equal(airlineLabel('XE'), 'XE')
  equal(findAirlineName('WN'), 'Southwest Airlines Co.')
  equal(findAirlineName('XE'), undefined)
})
