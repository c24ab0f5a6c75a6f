/** Milliseconds since the epoch with their fraction: comparable between the processes of one machine. */
export function epochMs(): number {
  return performance.timeOrigin + performance.now()
}

/** Milliseconds on the clock that never jumps and that all processes of a machine share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
