import { optional, required, type Schema } from './schema.ts'
import { isDay } from './value.ts'

/**
 * A flight, with the 31 columns of the Kaggle set "2015 Flight Delays and Cancellations" in their order. The aliases are
 * the names in the monthly files of the US Bureau of Transportation Statistics, prezipped and by selection, before and
 * after they were renamed in 2018.
 */
const fields = {
  year: required('integer', 'YEAR', { min: 1900, max: 2200 }),
  month: required('integer', 'MONTH', { min: 1, max: 12 }),
  day: required('integer', 'DAY', { min: 1, max: 31, aliases: ['DayofMonth', 'DAY_OF_MONTH'] }),
  dayOfWeek: optional('integer', 'DAY_OF_WEEK', { min: 1, max: 7, aliases: ['DayOfWeek'] }),
  airline: required('text', 'AIRLINE', {
    aliases: [
      'Reporting_Airline',
      'IATA_CODE_Reporting_Airline',
      'OP_UNIQUE_CARRIER',
      'OP_CARRIER',
      'UniqueCarrier',
      'UNIQUE_CARRIER',
      'Carrier',
    ],
  }),
  flightNumber: optional('integer', 'FLIGHT_NUMBER', {
    aliases: ['Flight_Number_Reporting_Airline', 'OP_CARRIER_FL_NUM', 'FlightNum', 'FL_NUM'],
  }),
  tailNumber: optional('text', 'TAIL_NUMBER', { aliases: ['TAIL_NUM', 'TailNum'] }),
  originAirport: optional('text', 'ORIGIN_AIRPORT', { aliases: ['Origin'] }),
  destinationAirport: optional('text', 'DESTINATION_AIRPORT', { aliases: ['Dest'] }),
  scheduledDeparture: optional('hhmm', 'SCHEDULED_DEPARTURE', { aliases: ['CRSDepTime', 'CRS_DEP_TIME'] }),
  departureTime: optional('hhmm', 'DEPARTURE_TIME', { aliases: ['DepTime', 'DEP_TIME'] }),
  departureDelay: optional('number', 'DEPARTURE_DELAY', { unit: 'min', aliases: ['DepDelay', 'DEP_DELAY'] }),
  taxiOut: optional('number', 'TAXI_OUT', { unit: 'min', aliases: ['TaxiOut'] }),
  wheelsOff: optional('hhmm', 'WHEELS_OFF', { aliases: ['WheelsOff'] }),
  scheduledTime: optional('number', 'SCHEDULED_TIME', {
    unit: 'min',
    aliases: ['CRSElapsedTime', 'CRS_ELAPSED_TIME'],
  }),
  elapsedTime: optional('number', 'ELAPSED_TIME', {
    unit: 'min',
    aliases: ['ActualElapsedTime', 'ACTUAL_ELAPSED_TIME'],
  }),
  airTime: optional('number', 'AIR_TIME', { unit: 'min', aliases: ['AirTime'] }),
  distance: optional('number', 'DISTANCE', { unit: 'mi' }),
  wheelsOn: optional('hhmm', 'WHEELS_ON', { aliases: ['WheelsOn'] }),
  taxiIn: optional('number', 'TAXI_IN', { unit: 'min', aliases: ['TaxiIn'] }),
  scheduledArrival: optional('hhmm', 'SCHEDULED_ARRIVAL', { aliases: ['CRSArrTime', 'CRS_ARR_TIME'] }),
  arrivalTime: optional('hhmm', 'ARRIVAL_TIME', { aliases: ['ArrTime', 'ARR_TIME'] }),
  arrivalDelay: optional('number', 'ARRIVAL_DELAY', { unit: 'min', aliases: ['ArrDelay', 'ARR_DELAY'] }),
  diverted: optional('integer', 'DIVERTED', { min: 0, max: 1 }),
  cancelled: optional('integer', 'CANCELLED', { min: 0, max: 1 }),
  cancellationReason: optional('text', 'CANCELLATION_REASON', {
    aliases: ['CancellationCode', 'CANCELLATION_CODE'],
  }),
  airSystemDelay: optional('number', 'AIR_SYSTEM_DELAY', { unit: 'min', aliases: ['NASDelay', 'NAS_DELAY'] }),
  securityDelay: optional('number', 'SECURITY_DELAY', { unit: 'min', aliases: ['SecurityDelay'] }),
  airlineDelay: optional('number', 'AIRLINE_DELAY', { unit: 'min', aliases: ['CarrierDelay', 'CARRIER_DELAY'] }),
  lateAircraftDelay: optional('number', 'LATE_AIRCRAFT_DELAY', { unit: 'min', aliases: ['LateAircraftDelay'] }),
  weatherDelay: optional('number', 'WEATHER_DELAY', { unit: 'min', aliases: ['WeatherDelay'] }),
} as const

export type FlightFields = typeof fields

export const flightSchema: Schema<FlightFields> = {
  name: 'flights',
  fields,
  check: {
    reads: ['year', 'month', 'day'] satisfies (keyof typeof fields)[],
    reasonAgainst: ({ year, month, day }) =>
      isDay(Number(year), Number(month), Number(day)) ? undefined : `the calendar has no day ${year}-${month}-${day}`,
  },
}
