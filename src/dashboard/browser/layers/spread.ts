/**
 * Places for labels beside their lines: as near as can be to where they belong, no two nearer than `gap`, all between
 * `low` and `high` where there is room. Returned in the order given.
 */
export function spreadLabels(wanted: readonly number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, at) => at).toSorted((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0))
  const places = Array.from<number>({ length: wanted.length }).fill(low)
  let floor = low
  for (const at of order) {
    const place = Math.max(floor, wanted[at] ?? low)
    places[at] = place
    floor = place + gap
  }
  let ceiling = high
  for (const at of order.toReversed()) {
    const place = Math.min(ceiling, places[at] ?? high)
    places[at] = place
    ceiling = place - gap
  }
  return places
}
