import { digits, exponent, shorten } from './shortest'
import { DIGITS } from './writer-layout'

const MINUS: u8 = 0x2d
const POINT: u8 = 0x2e
const ZERO: u8 = 0x30
const eightZeros: u64 = 0x3030303030303030

/** All digits that are ever needed, with zeros before them. */
const width: usize = 17

/**
 * Writes a number as `JSON.stringify` does, whose form of numbers is that of `String` (ECMA-262, Number::toString), and returns
 * its end. Up to MARGIN bytes behind the end are touched.
 */
export function writeNumber(at: usize, number: f64): usize {
  const bits = reinterpret<u64>(number) & 0x7fffffffffffffff
  if (bits >= 0x7ff0000000000000) {
    store<u32>(at, 0x6c6c756e) // null
    return at + 4
  }
  if (bits == 0) {
    store<u8>(at, ZERO)
    return at + 1
  }
  if (number < 0) store<u8>(at++, MINUS)
  const value = reinterpret<f64>(bits)
  const whole = <u64>min(value, 9_007_199_254_740_992.0)
  if (<f64>whole == value) return writeDecimal(at, whole, 0)
  shorten(bits)
  return writeDecimal(at, digits, exponent)
}

/** @param number below 10^17, and not 0 */
function writeDecimal(at: usize, number: u64, power: i32): usize {
  const upper = number / 100_000_000
  const first = upper / 100_000_000
  const middle = eightDigits(upper - first * 100_000_000)
  const last = eightDigits(number - upper * 100_000_000)
  store<u8>(DIGITS, ZERO + <u8>first)
  store<u64>(DIGITS + 1, middle | eightZeros)
  store<u64>(DIGITS + 9, last | eightZeros)
  const start: usize = first != 0 ? 0 : middle != 0 ? 1 + (<usize>ctz(middle) >> 3) : 9 + (<usize>ctz(last) >> 3)
  const end: usize = last != 0 ? 17 - (<usize>clz(last) >> 3) : middle != 0 ? 9 - (<usize>clz(middle) >> 3) : 1
  return place(at, DIGITS + start, <i32>(end - start), <i32>(width - start) + power)
}

/** Eight digits as bytes, the first one lowest: halves are parted into numbers of four, two and one digits. */
function eightDigits(number: u64): u64 {
  const thousands = number / 10_000
  const fours = thousands | ((number - thousands * 10_000) << 32)
  const hundreds = ((fours * 10_486) >> 20) & 0x0000007f0000007f
  const twos = hundreds | ((fours - hundreds * 100) << 16)
  const tens = ((twos * 103) >> 10) & 0x000f000f000f000f
  return tens | ((twos - tens * 10) << 8)
}

/** Writes `count` digits, with the point behind the `point`th. */
function place(at: usize, from: usize, count: i32, point: i32): usize {
  if (point > 21 || point <= -6) return placeWithExponent(at, from, count, point - 1)
  if (point <= 0) {
    store<u64>(at, 0x3030303030302e30) // 0.000000
    copyDigits(at + 2 - point, from)
    return at + 2 - point + count
  }
  copyDigits(at, from)
  if (point < count) {
    store<u8>(at + point, POINT)
    copyDigits(at + point + 1, from + point)
    return at + count + 1
  }
  const behind = at + count
  store<u64>(behind, eightZeros)
  store<u64>(behind + 8, eightZeros)
  store<u64>(behind + 16, eightZeros)
  return at + point
}

function placeWithExponent(at: usize, from: usize, count: i32, power: i32): usize {
  store<u8>(at, load<u8>(from))
  if (count > 1) {
    store<u8>(at + 1, POINT)
    copyDigits(at + 2, from + 1)
    at++
  }
  at += count
  store<u8>(at, 0x65)
  store<u8>(at + 1, power < 0 ? MINUS : 0x2b)
  at += 2
  const rest = abs(power)
  if (rest >= 100) store<u8>(at++, ZERO + <u8>(rest / 100))
  if (rest >= 10) store<u8>(at++, ZERO + <u8>((rest / 10) % 10))
  store<u8>(at, ZERO + <u8>(rest % 10))
  return at + 1
}

function copyDigits(to: usize, from: usize): void {
  const first = load<u64>(from)
  const second = load<u64>(from, 8)
  const third = load<u8>(from, 16)
  store<u64>(to, first)
  store<u64>(to, second, 8)
  store<u8>(to, third, 16)
}
