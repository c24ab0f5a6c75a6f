import { type Topic } from './topic.ts'

/** What every process says of itself about once a second, keyed by its name; see `ProcessReport`. */
export const status: Topic = { name: 'windsock-status', partitions: 1, cleanup: 'compact', retentionMs: -1 }
