/** Numbers, ages and dates as the page writes them. */

const minus = '\u2212'
const thinSpace = '\u202f'
const noBreakSpace = '\u00a0'
export const none = '\u2013'

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

export function formatCount(count: number): string {
  return signed(count, Math.round(Math.abs(count)).toLocaleString('en-US'))
}

export function formatFixed(value: number, digits = 2): string {
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits }
  return signed(value, Math.abs(value).toLocaleString('en-US', options))
}

/** With its sign always, for a change. */
export function formatChange(value: number, digits = 2): string {
  const text = formatFixed(value, digits)
  return text.startsWith(minus) ? text : `+${text}`
}

/** A share of one, as `42 %`. */
export function formatPercent(share: number, digits = 0): string {
  return `${formatFixed(100 * share, digits)}${thinSpace}%`
}

export function formatPercentChange(share: number): string {
  return `${formatChange(100 * share)}${thinSpace}%`
}

/** Records a second: one decimal below ten, so that a slow stream does not read as a stopped one. */
export function formatPerSecond(perSecond: number): string {
  const isSlow = perSecond > 0 && perSecond < 10
  return isSlow ? formatFixed(perSecond, 1) : formatCount(perSecond)
}

export function formatRate(perSecond: number): string {
  return `${formatPerSecond(perSecond)}/s`
}

/** A large amount in thousands, millions or thousands of millions. */
export function formatAmount(amount: number): string {
  const size = Math.abs(amount)
  if (size >= 1e9) return `${formatFixed(amount / 1e9, 1)}${thinSpace}G`
  if (size >= 1e6) return `${formatFixed(amount / 1e6, 1)}${thinSpace}M`
  if (size >= 1e4) return `${formatFixed(amount / 1e3, 1)}${thinSpace}k`
  return formatCount(amount)
}

/** How long ago `at` was, until an hour has gone; then the time of day, and after a day the date too. */
export function formatAge(at: number, now: number, timeZone?: string): string {
  const ageMs = Math.max(0, now - at)
  if (ageMs < hourMs) return formatDuration(ageMs)
  const time = formatClock(at, timeZone)
  return ageMs < dayMs ? time : `${formatDate(new Date(at).toISOString())}, ${time}`
}

export function formatDuration(durationMs: number): string {
  // Rounding first: 999.6 ms is a second, 59.7 s a minute.
  if (Math.round(durationMs) < secondMs) return `${Math.round(durationMs)}${noBreakSpace}ms`
  if (durationMs < 9.95 * secondMs) return `${(durationMs / secondMs).toFixed(1)}${noBreakSpace}s`
  if (durationMs < 59.5 * secondMs) return `${Math.round(durationMs / secondMs)}${noBreakSpace}s`
  return `${Math.max(1, Math.floor(durationMs / minuteMs))}${noBreakSpace}min`
}

/** The time of day where the reader is, or in a given time zone. */
export function formatClock(at: number, timeZone?: string): string {
  return new Date(at).toLocaleTimeString('en-GB', { hour12: false, ...(timeZone === undefined ? {} : { timeZone }) })
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'June', 'July', 'Aug', 'Sept', 'Oct', 'Nov', 'Dec'] as const
const weekdays = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const

/** `4 Dec 2017` for `2017-12-04`; a text that is no date comes back as it is. */
export function formatDate(date: string): string {
  const year = Number(date.slice(0, 4))
  return isDate(date) ? `${formatDayAndMonth(date)} ${year}` : date
}

export function formatDayAndMonth(date: string): string {
  return isDate(date) ? `${Number(date.slice(8, 10))} ${formatMonth(date)}` : date
}

export function formatMonth(date: string): string {
  return months[Number(date.slice(5, 7)) - 1] ?? date
}

export function formatWeekday(date: string): string {
  return isDate(date) ? (weekdays[new Date(`${date.slice(0, 10)}T00:00Z`).getUTCDay()] ?? '') : ''
}

function isDate(text: string): boolean {
  return /^\d{4}-(0[1-9]|1[0-2])-\d{2}/.test(text)
}

/** True minus, and no minus before a number that rounds to zero. */
function signed(value: number, size: string): string {
  return value < 0 && /[1-9]/.test(size) ? `${minus}${size}` : size
}
