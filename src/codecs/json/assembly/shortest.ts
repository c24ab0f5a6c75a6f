import { upperHalf } from './product'
import { POWER_LEAST, POWERS } from './writer-layout'

/** What `shorten` has found: digits × 10^exponent. The digits may end with zeros. */
export let digits: u64 = 0
export let exponent: i32 = 0

const fractionBits: i32 = 52
const hiddenBit: u64 = 1 << 52

/**
 * The shortest decimal that is nearer to this double than to any other, and of these the nearest to it, for a finite one above
 * zero (Raffaello Giulietti, "The Schubfach way to render doubles", 2020). The bounds of what rounds to the double are scaled by
 * a power of ten such that at most one number of the shorter length lies between them.
 */
export function shorten(bits: u64): void {
  const fraction = bits & (hiddenBit - 1)
  const biased = <i32>(bits >> fractionBits)
  const mantissa = biased == 0 ? fraction : fraction | hiddenBit
  const binary = (biased == 0 ? 1 : biased) - 1_075
  // Below a power of two, doubles are twice as close.
  const isUneven = fraction == 0 && biased > 1
  // A bound belongs to the even one of its two neighbours.
  const open: u64 = mantissa & 1

  // floor(log10(2^binary)), or of three quarters of it.
  const scale = (binary * 1_262_611 - (isUneven ? 524_031 : 0)) >> 22
  const power = POWERS + ((<usize>(-scale - POWER_LEAST)) << 4)
  const high = load<u64>(power, 8)
  const low = load<u64>(power)
  // The power's binary exponent is floor(log2(10^-scale)) - 127.
  const shift = binary + ((-scale * 1_741_647) >> 19) + 1
  const middle = roundedToOdd(high, low, (mantissa << 2) << shift)
  const least = roundedToOdd(high, low, ((mantissa << 2) - 2 + (isUneven ? 1 : 0)) << shift) + open
  const most = roundedToOdd(high, low, ((mantissa << 2) + 2) << shift) - open

  // All of these are four times what they stand for.
  const whole = middle >> 2
  if (whole >= 10) {
    const tenth = whole / 10
    const isBelow = least <= 40 * tenth
    const isAbove = 40 * tenth + 40 <= most
    if (isBelow != isAbove) {
      digits = tenth + (isAbove ? 1 : 0)
      exponent = scale + 1
      return
    }
  }
  exponent = scale
  const isBelow = least <= whole << 2
  const isAbove = (whole << 2) + 4 <= most
  if (isBelow != isAbove) {
    digits = whole + (isAbove ? 1 : 0)
    return
  }
  const half = (whole << 2) + 2
  digits = whole + (middle > half || (middle == half && (whole & 1) != 0) ? 1 : 0)
}

/** The upper 64 bits of the product; the last of them is 1 where bits below are lost, beyond the error of the power. */
function roundedToOdd(high: u64, low: u64, factor: u64): u64 {
  const carried = upperHalf(low, factor)
  const below = high * factor + carried
  const upper = upperHalf(high, factor) + (below < carried ? 1 : 0)
  return upper | (below > 1 ? 1 : 0)
}
