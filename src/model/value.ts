import type { Field } from './schema.ts'

/** What a cell holds once it is read. */
export type Value = string | number | null

/** Why a cell does not fit its field. A value of its own kind, since a reason is text and so is many a cell. */
export class Misfit {
  readonly reason: string
  constructor(field: Field, shown: string, expected: string) {
    const short = shown.length > 40 ? `${beginningOf(shown, 40)}…` : shown
    this.reason = `${field.column}: "${short}" is not ${expected}`
  }
}

/** The first `length` characters of a text; a plain slice may keep the whole in memory as long as it lives. */
export function beginningOf(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)} `.slice(0, -1) : text
}

/** Reads a cell of a table. An empty cell is null; nothing is ever guessed. */
export function readCell(field: Field, text: string): Value | Misfit {
  if (text === '') return null
  switch (field.type) {
    case 'text':
      return text
    case 'number':
    case 'integer':
      return readNumber(field, text)
    case 'hhmm':
      return readTimeOfDay(field, text)
    case 'date':
      return readDate(field, text)
  }
}

/** Reads a member of a JSON record: as its type gives it, or as text in the way of a table's cell. */
export function readMember(field: Field, member: unknown): Value | Misfit {
  if (member === null) return null
  if (typeof member === 'string') return readCell(field, member)
  if (typeof member !== 'number') return new Misfit(field, writeJson(member), expectation(field))
  switch (field.type) {
    case 'number':
    case 'integer':
      return within(field, member, String(member))
    case 'text':
      return String(member)
    case 'hhmm':
      return readTimeOfDay(field, String(member))
    case 'date':
      return readEpoch(field, member)
  }
}

/** Writes a value as a cell: what `readCell` gives back as the same value. */
export function writeCell(field: Field, value: Value): string {
  if (value === null) return ''
  return field.type === 'hhmm' ? String(value).padStart(4, '0') : String(value)
}

/** The member of a JSON record for a value: times of day as text, since a number would lose their leading zeros. */
export function toMember(field: Field, value: Value): Value {
  return value !== null && field.type === 'hhmm' ? writeCell(field, value) : value
}

/** JSON text of what `JSON.parse` gave. It reads what is nested too deeply to be written: then the text says just that. */
export function writeJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? typeof value
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return Array.isArray(value) ? '[…]' : '{…}'
  }
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function readNumber(field: Field, text: string): number | Misfit {
  const digits = readDigits(text, text.charCodeAt(0) === MINUS ? 1 : 0)
  if (digits > 0) return within(field, text.charCodeAt(0) === MINUS ? -digits : digits, text)
  const trimmed = text.trim()
  return decimal.test(trimmed) ? within(field, Number(trimmed), text) : new Misfit(field, text, expectation(field))
}

const MINUS = 45
const ZERO = 48

/** The number that the one to nine digits from `from` on give, or -1 for any other text: most cells are short and plain. */
function readDigits(text: string, from: number): number {
  if (text.length === from || text.length - from > 9) return -1
  let value = 0
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

function within(field: Field, value: number, shown: string): number | Misfit {
  const fits =
    Number.isFinite(value) &&
    (field.type !== 'integer' || Number.isSafeInteger(value)) &&
    value >= (field.min ?? -Infinity) &&
    value <= (field.max ?? Infinity)
  return fits ? value : new Misfit(field, shown, expectation(field))
}

function readTimeOfDay(field: Field, text: string): number | Misfit {
  const digits = text.length <= 4 ? readDigits(text, 0) : -1
  if (digits < 0 && !/^\d{1,4}(?:\.0+)?$/.test(text)) return new Misfit(field, text, expectation(field))
  const value = digits < 0 ? Number(text) : digits
  return value <= 2400 && value % 100 < 60 ? value : new Misfit(field, text, expectation(field))
}

const isoDate = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?\s*(Z|[+-]\d{2}:?\d{2})?)?$/

/** A day stays a day; midnight with a zone, as yfinance writes a daily bar, is that day; a moment keeps its zone. */
function readDate(field: Field, text: string): string | Misfit {
  const parts = isoDate.exec(text)
  if (parts === null) return new Misfit(field, text, expectation(field))
  const [, year = '', month = '', day = '', hour, minute = '', second = '00', fraction = '', zone = ''] = parts
  if (!isDay(Number(year), Number(month), Number(day))) return new Misfit(field, text, expectation(field))
  const date = `${year}-${month}-${day}`
  if (hour === undefined) return date
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    return new Misfit(field, text, expectation(field))
  }
  const isMidnight = `${hour}${minute}${second}` === '000000' && /^(?:\.0+)?$/.test(fraction)
  if (isMidnight) return date
  const offset = zone === 'Z' ? 'Z' : zone.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')
  return `${date}T${hour}:${minute}:${second}${fraction}${offset}`
}

/** Seconds or milliseconds since the epoch, as data frames write their index to JSON. */
function readEpoch(field: Field, member: number): string | Misfit {
  const ms = Math.abs(member) < 1e11 ? member * 1000 : member
  if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15) return new Misfit(field, String(member), expectation(field))
  const text = new Date(ms).toISOString()
  return readDate(field, text.replace('.000Z', 'Z'))
}

/** Whether the calendar has this day. */
export function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = month === 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  return day <= days
}

/**
 * Whether a date comes after another of its series; after none (empty text) every date does. Two days or two moments are
 * compared in time. A day among moments is the midnight of their own zone, so these two are compared as they are written.
 */
export function isLaterDate(date: string, than: string): boolean {
  if (than === '') return true
  if (date.length === 10 && than.length === 10) return date > than // most are days
  return isOnlyDay(date) === isOnlyDay(than) ? epochOf(date) > epochOf(than) : date > than
}

function isOnlyDay(date: string): boolean {
  return date.length === '2015-01-31'.length
}

/** Milliseconds since the epoch of a date's text, days and moments without a zone taken as UTC. */
export function epochOf(date: string): number {
  const isZoned = date.length === 10 || /(?:Z|[+-]\d{2}:\d{2})$/.test(date)
  return Date.parse(isZoned ? date : `${date}Z`)
}

function expectation(field: Field): string {
  const range = rangeOf(field)
  switch (field.type) {
    case 'text':
      return 'text'
    case 'number':
      return `a number${range}`
    case 'integer':
      return `a whole number${range}`
    case 'hhmm':
      return 'a time of day from 0000 to 2400'
    case 'date':
      return 'a date such as 2015-01-31'
  }
}

function rangeOf({ min, max }: Field): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`
  return min !== undefined ? ` of at least ${min}` : max !== undefined ? ` of at most ${max}` : ''
}
