/** So many days from Monday to Friday, beginning with the first at or after `from`. */
export function tradingDays(from: string, count: number): string[] {
  const days: string[] = []
  for (let at = Date.parse(`${from}T00:00Z`); days.length < count; at += 86_400_000) {
    const weekday = new Date(at).getUTCDay()
    if (weekday !== 0 && weekday !== 6) days.push(new Date(at).toISOString().slice(0, 10))
  }
  return days
}
