/**
 * The leading 128 bits of 5^exponent, and so of 10^exponent, the first of them a one: cut off where the exponent is not
 * negative, else rounded up (Lemire, "Number parsing at a gigabyte per second", 2021).
 */
export function leadingBitsOfPower(exponent: number): bigint {
  const power = 5n ** BigInt(Math.abs(exponent))
  const bits = power.toString(2).length
  if (exponent >= 0) return bits > 128 ? power >> BigInt(bits - 128) : power << BigInt(128 - bits)
  return (1n << BigInt(bits + 127)) / power + 1n
}

/** As `leadingBitsOfPower`, always rounded up (Giulietti, "The Schubfach way to render doubles", 2020). */
export function leadingBitsAbovePower(exponent: number): bigint {
  const bits = leadingBitsOfPower(exponent)
  return exponent > exactPowerMax ? bits + 1n : bits
}

/** 5^55 is the last one below 2^128. */
const exactPowerMax = 55
