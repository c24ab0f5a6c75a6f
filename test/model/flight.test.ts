import assert from 'node:assert/strict'
import { it } from 'node:test'
import { flightSchema } from '../../src/model/flight.ts'
import { createColumnFinder, normalColumn } from '../../src/model/schema.ts'

it('a flight has the 31 columns of the Kaggle set in their order', () => {
  const columns = Object.values(flightSchema.fields).map(({ column }) => column)
  assert.equal(
    columns.join(),
    'YEAR,MONTH,DAY,DAY_OF_WEEK,AIRLINE,FLIGHT_NUMBER,TAIL_NUMBER,ORIGIN_AIRPORT,DESTINATION_AIRPORT,SCHEDULED_DEPARTURE,' +
      'DEPARTURE_TIME,DEPARTURE_DELAY,TAXI_OUT,WHEELS_OFF,SCHEDULED_TIME,ELAPSED_TIME,AIR_TIME,DISTANCE,WHEELS_ON,TAXI_IN,' +
      'SCHEDULED_ARRIVAL,ARRIVAL_TIME,ARRIVAL_DELAY,DIVERTED,CANCELLED,CANCELLATION_REASON,AIR_SYSTEM_DELAY,SECURITY_DELAY,' +
      'AIRLINE_DELAY,LATE_AIRCRAFT_DELAY,WEATHER_DELAY',
  )
})

it('no name of a column of a flight belongs to two fields', () => {
  const find = createColumnFinder(flightSchema)
  for (const [name, { column, aliases }] of Object.entries(flightSchema.fields)) {
    const names = [column, ...aliases]
    assert.deepEqual(
      names.map(find),
      names.map(() => name),
    )
    assert.equal(new Set(names.map(normalColumn)).size, names.length, `${name} has an alias twice`)
  }
})

it('a flight on a day that the calendar does not have does not fit', () => {
  assert.equal(
    flightSchema.check?.reasonAgainst({ year: 2015, month: 6, day: 31 }),
    'the calendar has no day 2015-6-31',
  )
  assert.equal(flightSchema.check?.reasonAgainst({ year: 2016, month: 2, day: 29 }), undefined)
})
