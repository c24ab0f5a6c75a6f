import assert from 'node:assert/strict'
import { it } from 'node:test'
import { flightSchema } from '../../src/model/flight.ts'
import { flights } from '../../src/topics/flights.ts'

it('flights are keyed by an airline that every one of them has', () => {
  assert.equal(flights.schema, flightSchema)
  assert.equal(flights.schema.fields.airline.required, true)
  assert.deepEqual([flights.name, flights.key, flights.cleanup], ['flights', 'airline', 'delete'])
})
