import type { ProcessView } from '../../src/model/live.ts'

/** A process that runs and has nothing to tell yet, except for what is said otherwise. */
export function processView(name: string, role: ProcessView['role'], changes: Partial<ProcessView> = {}): ProcessView {
  return {
    name,
    role,
    state: 'running',
    heardAt: 0,
    records: 0,
    recordsPerSecond: 0,
    lagRecords: null,
    newestSentAt: null,
    progress: null,
    note: null,
    ...changes,
  }
}
