import type { ProcessReport } from '../../model/status.ts'

/** A source or analysis that `up` keeps running. */
export interface Part {
  readonly name: string
  readonly role: ProcessReport['role']
  start(): RunningPart
}

export interface RunningPart {
  /** Undefined for a part that shares this process. */
  readonly pid: number | undefined
  /** How it ended: undefined when its work was done, else why it failed. */
  readonly ended: Promise<string | undefined>
  /** Asks it to drain, and ends it when it has not within `withinMs`. */
  stop(withinMs: number): Promise<void>
}
