import { POWER_MAX, POWERS, TENS } from './layout'
import { upperHalf } from './product'

/** What `Number` makes of the bytes from `from` to `to`, for the few numbers that are too long for this file. */
declare function numberAt(from: usize, to: usize): f64

const MINUS: u8 = 0x2d
const POINT: u8 = 0x2e
const ZERO: u8 = 0x30

/** Past the number at `p` by the grammar of JSON; 0 where there is none. */
export function numberEnd(p: usize, end: usize): usize {
  if (load<u8>(p) == MINUS) p++
  const first = load<u8>(p)
  const wholeEnd = digitsEnd(p, end)
  if (wholeEnd == p || (first == ZERO && wholeEnd > p + 1)) return 0
  p = wholeEnd
  let c = load<u8>(p)
  if (c == POINT) {
    const from = p + 1
    p = digitsEnd(from, end)
    if (p == from) return 0
    c = load<u8>(p)
  }
  if ((c | 0x20) == 0x65) {
    const sign = load<u8>(p, 1)
    const from = p + (sign == MINUS || sign == 0x2b ? 2 : 1)
    p = digitsEnd(from, end)
    if (p == from) return 0
  }
  return p <= end ? p : 0
}

function digitsEnd(p: usize, end: usize): usize {
  const zero = i8x16.splat(0x30)
  const ten = i8x16.splat(10)
  while (p < end) {
    const others = ~i8x16.bitmask(i8x16.lt_u(i8x16.sub(v128.load(p), zero), ten)) & 0xffff
    if (others != 0) return p + ctz(others)
    p += 16
  }
  return p
}

/** The double nearest to the number that lies from `p` to `end`, exactly as `Number` gives it. */
export function numberValue(p: usize, end: usize): f64 {
  const start = p
  const isNegative = load<u8>(p) == MINUS
  if (isNegative) p++
  let mantissa: u64 = 0
  let digits: usize = 0
  let exponent: i32 = 0
  const from = p
  while (p < end && isDigit(load<u8>(p))) mantissa = mantissa * 10 + <u64>(load<u8>(p++) - ZERO)
  digits = p - from
  if (p == end && digits <= 15) return isNegative ? -(<f64>mantissa) : <f64>mantissa
  if (p < end && load<u8>(p) == POINT) {
    const behind = ++p
    while (p + 8 <= end && areDigits(load<u64>(p))) {
      mantissa = mantissa * 100_000_000 + eightDigits(load<u64>(p))
      p += 8
    }
    while (p < end && isDigit(load<u8>(p))) mantissa = mantissa * 10 + <u64>(load<u8>(p++) - ZERO)
    digits += p - behind
    exponent = -(<i32>(p - behind))
  }
  // 20 digits may be more than 64 bits hold.
  if (digits > 19) return numberAt(start, end)
  if (p < end) {
    const sign = load<u8>(++p)
    if (sign == MINUS || sign == 0x2b) p++
    if (end - p > 4) return numberAt(start, end)
    let written: i32 = 0
    while (p < end) written = written * 10 + <i32>(load<u8>(p++) - ZERO)
    exponent += sign == MINUS ? -written : written
  }
  let value: f64
  if (mantissa == 0) value = 0
  else if (mantissa <= 1 << 53 && exponent >= -22 && exponent <= 22) {
    // Both are exact as doubles, so the one operation rounds once (Clinger 1990).
    const ten = load<f64>(TENS + ((<usize>abs(exponent)) << 3))
    value = exponent < 0 ? <f64>mantissa / ten : <f64>mantissa * ten
  } else if (exponent >= -POWER_MAX && exponent <= POWER_MAX) value = nearest(mantissa, exponent)
  else return numberAt(start, end)
  return isNegative ? -value : value
}

function isDigit(c: u8): bool {
  return <u8>(c - ZERO) < 10
}

/** Whether all eight bytes are digits: no high half other than 3, and still 3 with 6 added. */
function areDigits(bytes: u64): bool {
  return (
    ((bytes & 0xf0f0f0f0f0f0f0f0) | (((bytes + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) >> 4)) == 0x3333333333333333
  )
}

/** Neighbours are joined to numbers of two, four and eight digits; the first digit is in the lowest byte. */
function eightDigits(bytes: u64): u64 {
  const ones = bytes & 0x0f0f0f0f0f0f0f0f
  const twos = (ones * 10 + (ones >> 8)) & 0x00ff00ff00ff00ff
  const fours = (twos * 100 + (twos >> 16)) & 0x0000ffff0000ffff
  return (fours * 10_000 + (fours >> 32)) & 0xffffffff
}

/**
 * mantissa × 10^exponent, rounded to nearest, ties to even, for a mantissa of up to 64 bits and exponents whose results are
 * normal doubles: the product with the leading 128 bits of the power of five always has bits enough (Lemire, "Number
 * parsing at a gigabyte per second", 2021; Mushtak and Lemire, "Fast number parsing without fallback", 2023).
 */
function nearest(mantissa: u64, exponent: i32): f64 {
  const power = POWERS + ((<usize>(exponent + POWER_MAX)) << 4)
  const shift = clz(mantissa)
  const scaled = mantissa << shift
  const factor = load<u64>(power, 8)
  let low = scaled * factor
  let high = upperHalf(scaled, factor)
  if ((high & 0x1ff) == 0x1ff) {
    const more = upperHalf(scaled, load<u64>(power))
    low += more
    if (low < more) high++
  }
  const upper = high >> 63
  const cut = upper + 9
  let bits = high >> cut
  // Exactly half way, which only these powers can be: down to the even one.
  if (low <= 1 && exponent >= -4 && exponent <= 23 && (bits & 3) == 1 && bits << cut == high) bits &= ~(<u64>1)
  bits = (bits + (bits & 1)) >> 1
  let binary = <u64>(((217_706 * exponent) >> 16) + 63 + 1_023) + upper - shift
  if (bits >= (<u64>1) << 53) {
    bits >>= 1
    binary++
  }
  return reinterpret<f64>((binary << 52) | (bits & 0x000fffffffffffff))
}
