/** A random number generator that gives the same numbers for the same seed (mulberry32). */
export interface Random {
  readonly seed: number
  /** From 0 to below 1. */
  next(): number
  /** A whole number from 0 to below `end`. */
  below(end: number): number
}

/** Seeded by WINDSOCK_SEED where it is set, so that a failure can be had again. */
export function createRandom(seed = Number(process.env['WINDSOCK_SEED'] ?? Date.now() % 2 ** 31)): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { seed, next, below: (end) => Math.floor(next() * end) }
}
