/** The airlines of 2015 by their IATA code, as in the data set's airlines.csv (US DOT). */
const nameByCode: ReadonlyMap<string, string> = new Map([
  ['UA', 'United Air Lines Inc.'],
  ['AA', 'American Airlines Inc.'],
  ['US', 'US Airways Inc.'],
  ['F9', 'Frontier Airlines Inc.'],
  ['B6', 'JetBlue Airways'],
  ['OO', 'Skywest Airlines Inc.'],
  ['AS', 'Alaska Airlines Inc.'],
  ['NK', 'Spirit Air Lines'],
  ['WN', 'Southwest Airlines Co.'],
  ['DL', 'Delta Air Lines Inc.'],
  ['EV', 'Atlantic Southeast Airlines'],
  ['HA', 'Hawaiian Airlines Inc.'],
  ['MQ', 'American Eagle Airlines Inc.'],
  ['VX', 'Virgin America'],
])

/** The full name, or undefined for a code that the table does not have. */
export function findAirlineName(code: string): string | undefined {
  return nameByCode.get(code)
}

/** The name without its legal form, short enough for a label; the code when there is no name. */
export function airlineLabel(code: string): string {
  return (nameByCode.get(code) ?? code).replace(/ (Inc|Co)\.$/, '')
}
