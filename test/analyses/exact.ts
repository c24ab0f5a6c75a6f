/** Rational arithmetic on whole numbers, to hold results of double arithmetic against. */

export interface Fraction {
  readonly numerator: bigint
  /** Above 0. */
  readonly denominator: bigint
}

const unitBits = 120n

/** A double as a whole number of 2^-120, which is no rounding for any that is not tiny. */
export function exact(value: number): bigint {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no number`)
  let bits = 0n
  let whole = value
  while (!Number.isInteger(whole)) {
    whole *= 2 // exact: a power of two
    bits++
  }
  if (bits > unitBits) throw new RangeError(`${value} is no whole number of 2^-${unitBits}`)
  return BigInt(whole) << (unitBits - bits)
}

/** The largest whole number whose square is at most `value`, by Newton's method from above. */
export function squareRoot(value: bigint): bigint {
  if (value < 2n) return value
  let root = 1n << (BigInt(value.toString(2).length + 1) >> 1n)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** How far a double is from a fraction of 2^-120, as a share of `scale`. */
export function distance(actual: number, expected: Fraction, scale: number): number {
  const gap = exact(actual) * expected.denominator - expected.numerator
  const share = ((gap < 0n ? -gap : gap) << 80n) / (exact(scale) * expected.denominator)
  return Number(share) / 2 ** 80
}
