/**
 * The leading 128 bits of 5^exponent, the first of them a one: cut off where the exponent is not negative, else rounded up
 * (Lemire, "Number parsing at a gigabyte per second", 2021).
 */
export function leadingBitsOfPower(exponent: number): bigint {
  const power = 5n ** BigInt(Math.abs(exponent))
  const bits = power.toString(2).length
  if (exponent >= 0) return bits > 128 ? power >> BigInt(bits - 128) : power << BigInt(128 - bits)
  return (1n << BigInt(bits + 127)) / power + 1n
}
