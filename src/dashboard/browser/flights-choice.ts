/** Which airlines the chart shows, and how. */

export const chosenMax = 8
export const chosenAtFirst = 3

/** Up to so many days stand as groups of bars; more read better as lines. */
export const barDaysMax = 14

export type FlightsForm = 'bars' | 'lines'

export function chooseForm(days: number): FlightsForm {
  return days <= barDaysMax ? 'bars' : 'lines'
}

/**
 * The airlines with most flights, while the reader has not chosen. One that was shown before and still belongs keeps
 * its place, and with it its colour.
 */
export function chooseBusiest(flightsByAirline: ReadonlyMap<string, number>, before: readonly string[]): string[] {
  const ranked = rankAirlines(flightsByAirline).slice(0, chosenAtFirst)
  const coming = ranked.filter((airline) => !before.includes(airline))
  const kept = before.map((airline) => (ranked.includes(airline) ? airline : coming.shift()))
  return [...kept, ...coming].filter((airline) => airline !== undefined)
}

/** Most flights first; equals by their code, so that the order does not flicker. */
export function rankAirlines(flightsByAirline: ReadonlyMap<string, number>): string[] {
  return [...flightsByAirline]
    .toSorted(([a, flightsOfA], [b, flightsOfB]) => flightsOfB - flightsOfA || (a < b ? -1 : 1))
    .map(([airline]) => airline)
}

/** Adds or takes away one airline. The last one stays, and a ninth is not taken. */
export function toggleAirline(chosen: readonly string[], airline: string): string[] {
  if (!chosen.includes(airline)) return chosen.length < chosenMax ? [...chosen, airline] : [...chosen]
  return chosen.length > 1 ? chosen.filter((other) => other !== airline) : [...chosen]
}

/** What was stored by an earlier visit, or undefined when it is nothing of ours. */
export function parseChosen(text: string | null): string[] | undefined {
  if (text === null) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (!Array.isArray(value)) return undefined
    const airlines = value.filter((code): code is string => typeof code === 'string').slice(0, chosenMax)
    return airlines.length > 0 ? airlines : undefined
  } catch {
    return undefined
  }
}
