import { MASKS } from './layout'

export const QUOTE: u8 = 0x22
const BACKSLASH: u8 = 0x5c
const SPACE: u8 = 0x20

/** The mask of the first `length` bytes of sixteen. */
export function maskOf(length: usize): v128 {
  return v128.load(MASKS + 16 - length)
}

/** Past the whitespace at `p`. */
export function spaceEnd(p: usize, end: usize): usize {
  while (p < end) {
    const c = load<u8>(p)
    if (c > SPACE || !(c == SPACE || c == 0x0a || c == 0x0d || c == 0x09)) break
    p++
  }
  return p
}

/** Past the string whose opening quote is at `p`; 0 when it is not valid JSON in valid UTF-8, or has no end. */
export function stringEnd(p: usize, end: usize): usize {
  const quote = i8x16.splat(0x22)
  const backslash = i8x16.splat(0x5c)
  const space = i8x16.splat(0x20)
  p++
  while (p < end) {
    const bytes = v128.load(p)
    // Compared with sign: bytes from 0x80 on are below a space, too.
    const special = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(bytes, quote), i8x16.eq(bytes, backslash)), i8x16.lt_s(bytes, space)),
    )
    if (special == 0) {
      p += 16
      continue
    }
    p += ctz(special)
    if (p >= end) return 0
    const c = load<u8>(p)
    if (c == QUOTE) return p + 1
    if (c == BACKSLASH) p = escapeEnd(p)
    else if (c >= 0x80) p = sequenceEnd(p)
    else return 0
    if (p == 0) return 0
  }
  return 0
}

function escapeEnd(p: usize): usize {
  const c = load<u8>(p, 1)
  if (c == 0x75)
    return isHex(load<u8>(p, 2)) && isHex(load<u8>(p, 3)) && isHex(load<u8>(p, 4)) && isHex(load<u8>(p, 5)) ? p + 6 : 0
  const isKnown =
    c == QUOTE || c == BACKSLASH || c == 0x2f || c == 0x62 || c == 0x66 || c == 0x6e || c == 0x72 || c == 0x74
  return isKnown ? p + 2 : 0
}

function isHex(c: u8): bool {
  return <u8>(c - 0x30) < 10 || <u8>((c | 0x20) - 0x61) < 6
}

/** Past a UTF-8 sequence of two to four bytes (RFC 3629: none overlong, no surrogates, nothing above U+10FFFF). */
function sequenceEnd(p: usize): usize {
  const c = load<u8>(p)
  const next = load<u8>(p, 1)
  if (c < 0xe0) return c >= 0xc2 && isContinuation(next) ? p + 2 : 0
  if (c < 0xf0) {
    const from: u8 = c == 0xe0 ? 0xa0 : 0x80
    const to: u8 = c == 0xed ? 0x9f : 0xbf
    return next >= from && next <= to && isContinuation(load<u8>(p, 2)) ? p + 3 : 0
  }
  const from: u8 = c == 0xf0 ? 0x90 : 0x80
  const to: u8 = c == 0xf4 ? 0x8f : 0xbf
  const fits = c <= 0xf4 && next >= from && next <= to
  return fits && isContinuation(load<u8>(p, 2)) && isContinuation(load<u8>(p, 3)) ? p + 4 : 0
}

function isContinuation(c: u8): bool {
  return (c & 0xc0) == 0x80
}
