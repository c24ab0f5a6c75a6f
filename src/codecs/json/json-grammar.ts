/** The grammar of JSON (RFC 8259) over bytes: where a value ends. Text is not looked at for valid UTF-8. */

export const QUOTE = 0x22
export const COMMA = 0x2c
export const COLON = 0x3a
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
const BACKSLASH = 0x5c
const SPACE = 0x20
const MINUS = 0x2d
const PLUS = 0x2b
const POINT = 0x2e
const ZERO = 0x30

/** Values nested more deeply are for others. */
const depthMax = 64

/** Past the whitespace at `p`. */
export function spaceEnd(bytes: Uint8Array, p: number, end: number): number {
  while (p < end) {
    const c = bytes[p]
    if (c !== SPACE && c !== 0x0a && c !== 0x0d && c !== 0x09) break
    p++
  }
  return p
}

/** Past the value at `p`; -1 when it is not valid, goes beyond `end`, or is nested too deeply to say. */
export function valueEnd(bytes: Uint8Array, p: number, end: number, depth = 0): number {
  switch (bytes[p] ?? 0) {
    case QUOTE:
      return stringEnd(bytes, p, end)
    case OPEN_BRACE:
      return depth < depthMax ? objectEnd(bytes, p, end, depth + 1) : -1
    case OPEN_BRACKET:
      return depth < depthMax ? arrayEnd(bytes, p, end, depth + 1) : -1
    case 0x6e:
      return wordEnd(bytes, p, end, 'null')
    case 0x74:
      return wordEnd(bytes, p, end, 'true')
    case 0x66:
      return wordEnd(bytes, p, end, 'false')
    default:
      return numberEnd(bytes, p, end)
  }
}

/** Past the string whose opening quote is at `p`. */
export function stringEnd(bytes: Uint8Array, p: number, end: number): number {
  p++
  while (p < end) {
    const c = bytes[p] ?? 0
    if (c === QUOTE) return p + 1
    if (c < SPACE) return -1
    if (c === BACKSLASH) {
      const length = escapeLength(bytes, p)
      if (length < 0) return -1
      p += length
    } else p++
  }
  return -1
}

function escapeLength(bytes: Uint8Array, p: number): number {
  switch (bytes[p + 1] ?? 0) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2
    case 0x75:
      for (let i = 2; i < 6; i++) if (!isHex(bytes[p + i] ?? 0)) return -1
      return 6
    default:
      return -1
  }
}

function isHex(c: number): boolean {
  return isDigit(c) || ((c | 0x20) >= 0x61 && (c | 0x20) <= 0x66)
}

function isDigit(c: number): boolean {
  return c >= ZERO && c <= 0x39
}

/** Past the number at `p`. */
export function numberEnd(bytes: Uint8Array, p: number, end: number): number {
  if (bytes[p] === MINUS) p++
  const whole = digitsEnd(bytes, p, end)
  if (whole === p || (bytes[p] === ZERO && whole > p + 1)) return -1
  p = whole
  if (p < end && bytes[p] === POINT) {
    const from = p + 1
    p = digitsEnd(bytes, from, end)
    if (p === from) return -1
  }
  if (p < end && ((bytes[p] ?? 0) | 0x20) === 0x65) {
    const sign = bytes[p + 1]
    const from = p + (sign === MINUS || sign === PLUS ? 2 : 1)
    p = digitsEnd(bytes, from, end)
    if (p === from) return -1
  }
  return p
}

function digitsEnd(bytes: Uint8Array, p: number, end: number): number {
  while (p < end && isDigit(bytes[p] ?? 0)) p++
  return p
}

function wordEnd(bytes: Uint8Array, p: number, end: number, word: string): number {
  if (p + word.length > end) return -1
  for (let i = 1; i < word.length; i++) if (bytes[p + i] !== word.charCodeAt(i)) return -1
  return p + word.length
}

function arrayEnd(bytes: Uint8Array, p: number, end: number, depth: number): number {
  p = spaceEnd(bytes, p + 1, end)
  if (p < end && bytes[p] === CLOSE_BRACKET) return p + 1
  while (p < end) {
    p = valueEnd(bytes, p, end, depth)
    if (p < 0) return -1
    p = spaceEnd(bytes, p, end)
    if (p >= end) return -1
    if (bytes[p] === CLOSE_BRACKET) return p + 1
    if (bytes[p] !== COMMA) return -1
    p = spaceEnd(bytes, p + 1, end)
  }
  return -1
}

function objectEnd(bytes: Uint8Array, p: number, end: number, depth: number): number {
  p = spaceEnd(bytes, p + 1, end)
  if (p < end && bytes[p] === CLOSE_BRACE) return p + 1
  while (p < end) {
    if (bytes[p] !== QUOTE) return -1
    p = stringEnd(bytes, p, end)
    if (p < 0) return -1
    p = spaceEnd(bytes, p, end)
    if (p >= end || bytes[p] !== COLON) return -1
    p = spaceEnd(bytes, p + 1, end)
    if (p >= end) return -1
    p = valueEnd(bytes, p, end, depth)
    if (p < 0) return -1
    p = spaceEnd(bytes, p, end)
    if (p >= end) return -1
    if (bytes[p] === CLOSE_BRACE) return p + 1
    if (bytes[p] !== COMMA) return -1
    p = spaceEnd(bytes, p + 1, end)
  }
  return -1
}
