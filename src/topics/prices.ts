import { type BarFields, barSchema } from '../model/bar.ts'
import { dayMs, type Stream } from './topic.ts'

/** One record a bar, keyed by symbol. */
export const prices: Stream<BarFields> = {
  name: 'prices',
  schema: barSchema,
  key: 'symbol' satisfies keyof BarFields,
  partitions: 4,
  cleanup: 'delete',
  retentionMs: 30 * dayMs,
}
