import type { Publisher } from '../broker/broker.ts'
import type { Clock } from '../foundation/clock.ts'
import type { RunState } from '../foundation/run.ts'
import type { ProcessReport } from '../model/status.ts'
import { status } from '../topics/status.ts'

const reportEveryMs = 1_000
/** How long the last report may take before the end goes on without it. */
const lastReportMs = 1_000

/** What changes between two reports of a process. */
export type Vitals = Pick<ProcessReport, 'records' | 'lagRecords' | 'newestSentAt' | 'progress' | 'note'>

export interface StatusReporter {
  update(vitals: Partial<Vitals>): void
  /** Says one last thing. */
  end(state: RunState, note: string | null): Promise<void>
}

/**
 * Tells the status topic once a second how a process does. While the broker is away reports are dropped, not queued: only the
 * newest is of interest.
 */
export function startStatusReporter(
  publisher: Publisher,
  clock: Clock,
  who: Pick<ProcessReport, 'name' | 'role' | 'playback'>,
): StatusReporter {
  let vitals: Vitals = { records: 0, lagRecords: null, newestSentAt: null, progress: null, note: null }
  let state: RunState = 'running'
  let last = { at: clock.now(), records: 0 }
  let isSending = false

  const send = async (): Promise<void> => {
    if (isSending) return
    isSending = true
    const at = clock.now()
    const seconds = (at - last.at) / 1000
    const isOver = state === 'stopped' || state === 'failed'
    const recordsPerSecond = seconds > 0 && !isOver ? Math.max(0, vitals.records - last.records) / seconds : 0
    last = { at, records: vitals.records }
    const report: ProcessReport = { ...who, ...vitals, state, at, recordsPerSecond }
    await publisher.send(status.name, [{ key: who.name, value: JSON.stringify(report) }]).catch(() => {})
    isSending = false
  }
  void send()
  const timer = setInterval(() => void send(), reportEveryMs)
  timer.unref()
  return {
    update(changed) {
      vitals = { ...vitals, ...changed }
    },
    async end(finalState, note) {
      clearInterval(timer)
      state = finalState
      vitals = { ...vitals, note }
      isSending = false
      const given = new AbortController()
      await Promise.race([send(), clock.sleep(lastReportMs, given.signal)])
      given.abort()
    },
  }
}
