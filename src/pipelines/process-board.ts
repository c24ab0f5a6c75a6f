import type { Clock } from '../foundation/clock.ts'
import type { ProcessView, SystemStatus } from '../model/live.ts'
import type { ProcessReport, RunStateName } from '../model/status.ts'

const processesMax = 500

/** What is known of every process: its own last report, and what whoever started it has seen. */
export class ProcessBoard {
  private readonly clock: Clock
  private readonly reports = new Map<string, { report: ProcessReport; heardAt: number }>()
  private readonly overrides = new Map<string, { state: RunStateName; note: string | null }>()

  constructor(clock: Clock) {
    this.clock = clock
  }

  hear(said: Readonly<Record<string, unknown>>): void {
    const report = toReport(said)
    if (report === undefined) return
    if (this.reports.size >= processesMax && !this.reports.has(report.name)) return
    this.reports.set(report.name, { report, heardAt: this.clock.now() })
    // A report of its own is the better news, unless it was under way when the process died.
    if (report.state === 'running' && this.overrides.get(report.name)?.state === 'starting') {
      this.overrides.delete(report.name)
    }
  }

  /** What the one who started a process saw of it: that it died, or is being started again. */
  note(name: string, role: ProcessReport['role'], state: RunStateName, note: string | null): void {
    this.overrides.set(name, { state, note })
    if (!this.reports.has(name)) this.reports.set(name, { report: emptyReport(name, role), heardAt: this.clock.now() })
  }

  /** Forgets everybody, as when everything begins anew. */
  clear(): void {
    this.reports.clear()
    this.overrides.clear()
  }

  views(): ProcessView[] {
    return [...this.reports.values()].map(({ report, heardAt }) => {
      const { at: _at, playback: _playback, ...view } = report
      return { ...view, ...this.overrides.get(report.name), heardAt }
    })
  }

  playback(): SystemStatus['playback'] {
    const sources = [...this.reports.values()].map(({ report }) => report).filter(({ role }) => role === 'source')
    if (sources.some(({ playback }) => playback === 'live')) return 'live'
    const isOver = sources.length > 0 && sources.every(({ state, progress }) => state === 'stopped' && progress === 1)
    return isOver ? 'ended' : 'replay'
  }
}

function emptyReport(name: string, role: ProcessReport['role']): ProcessReport {
  return {
    name,
    role,
    state: 'starting',
    at: 0,
    records: 0,
    recordsPerSecond: 0,
    lagRecords: null,
    newestSentAt: null,
    progress: null,
    playback: null,
    note: null,
  }
}

const states: readonly string[] = ['starting', 'running', 'draining', 'stopped', 'failed'] satisfies RunStateName[]

function isState(value: unknown): value is RunStateName {
  return typeof value === 'string' && states.includes(value)
}

function toReport(said: Readonly<Record<string, unknown>>): ProcessReport | undefined {
  const { name, role, state } = said
  if (typeof name !== 'string' || name.length > 200 || !isState(state)) return undefined
  if (role !== 'source' && role !== 'analysis') return undefined
  return {
    name,
    role,
    state,
    at: numberOf(said['at']) ?? 0,
    records: numberOf(said['records']) ?? 0,
    recordsPerSecond: numberOf(said['recordsPerSecond']) ?? 0,
    lagRecords: numberOf(said['lagRecords']),
    newestSentAt: numberOf(said['newestSentAt']),
    progress: numberOf(said['progress']),
    playback: said['playback'] === 'replay' || said['playback'] === 'live' ? said['playback'] : null,
    note: typeof said['note'] === 'string' ? said['note'].slice(0, 500) : null,
  }
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}
