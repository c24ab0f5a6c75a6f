import { percentile } from '../percentiles.ts'

/** A rate counts as kept from this share of it on: less is more than the noise of a short run. */
const keptShare = 0.95

export interface KeptRate {
  /** How many records a second had their results read, at most as many as were due. */
  readonly keptRecordsPerSecond: number
  readonly isRateKept: boolean
}

/**
 * How much of a rate was kept. Who does a thousand a second of which 1,250 are due falls behind by a quarter of a second each
 * second: the rate is told by how much later results come in the last third of the run than in the first. Medians, so that
 * one long stall is no lack of speed.
 *
 * @param latencies milliseconds, in the order in which the records were due
 * @param rate records due in a second
 */
export function keptRateOf(latencies: Float64Array, rate: number): KeptRate {
  const third = Math.floor(latencies.length / 3)
  if (third === 0) return { keptRecordsPerSecond: rate, isRateKept: true }
  const betweenMs = ((latencies.length - third) * 1000) / rate
  const growthMs = middleOf(latencies.subarray(-third)) - middleOf(latencies.subarray(0, third))
  const keptRecordsPerSecond = rate / (1 + Math.max(0, growthMs) / betweenMs)
  return { keptRecordsPerSecond, isRateKept: keptRecordsPerSecond >= keptShare * rate }
}

function middleOf(values: Float64Array): number {
  return percentile(values.toSorted(), 0.5)
}
