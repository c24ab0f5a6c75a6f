import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readFlightRecords } from '../../../bench/jobs/flight-records.ts'
import { flightsRows } from '../../support/run-windsock.ts'

describe('the flights of the bench', async () => {
  const flights = await readFlightRecords()
  const dayOf = (index: number): number => JSON.parse(flights.at(index).value).DAY

  it('name the group that is in their message', () => {
    for (let index = 0; index < 40 * flightsRows; index += 4_999) {
      const { airline, group, value } = flights.at(index)
      const { AIRLINE, YEAR, MONTH, DAY } = JSON.parse(value)
      assert.equal(airline, AIRLINE)
      assert.equal(group, `${AIRLINE} ${YEAR}-0${MONTH}-${String(DAY).padStart(2, '0')}`)
    }
  })
  it('are the file again and again, three days later each time, in the same month', () => {
    assert.deepEqual(
      [0, 1, 9, 10].map((times) => dayOf(times * flightsRows)),
      [1, 4, 28, 1],
    )
    const { value } = flights.at(5)
    assert.equal(flights.at(5 + flightsRows).value, value.replace('"DAY":1,', '"DAY":4,'))
    assert.equal(flights.at(5 + 10 * flightsRows).value, value)
  })
})
