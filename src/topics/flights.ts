import { type FlightFields, flightSchema } from '../model/flight.ts'
import { dayMs, type Stream } from './topic.ts'

/** One record a flight, keyed by airline. */
export const flights: Stream<FlightFields> = {
  name: 'flights',
  schema: flightSchema,
  key: 'airline' satisfies keyof FlightFields,
  partitions: 4,
  cleanup: 'delete',
  retentionMs: 30 * dayMs,
}
