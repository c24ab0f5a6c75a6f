import { describeError } from './errors.ts'

/** The life of anything that runs long: starting → running → draining → stopped, or failed from any of the first three. */
export type RunState = 'starting' | 'running' | 'draining' | 'stopped' | 'failed'

export interface Run {
  readonly name: string
  readonly state: RunState
  /** Resolves once stopped; rejects with the reason when the run failed. */
  readonly done: Promise<void>
  /** Drains: what was taken in is finished and stored, then `done` resolves. Calling it again is harmless. */
  stop(): Promise<void>
}

export interface RunControl {
  /** Aborted by `stop()`: finish what was taken in, then return. */
  readonly signal: AbortSignal
  /** To be called by the body once it does its work. */
  readonly ready: () => void
}

/**
 * Starts `body` and gives it a lifetime. The body returns when it has nothing more to do or when `signal` aborts;
 * what it throws makes the run `failed`, also when it was draining.
 */
export function startRun(name: string, body: (control: RunControl) => Promise<void>): Run {
  const abort = new AbortController()
  let state: RunState = 'starting'
  const control: RunControl = {
    signal: abort.signal,
    ready: () => {
      if (state === 'starting') state = 'running'
    },
  }
  const done = body(control).then(
    () => {
      state = 'stopped'
    },
    (error: unknown) => {
      state = 'failed'
      throw error
    },
  )
  done.catch(() => {}) // whoever asks for `done` gets the reason; nobody asking is no crash
  return {
    name,
    get state() {
      return state
    },
    done,
    stop() {
      if (state === 'starting' || state === 'running') state = 'draining'
      abort.abort(new Error(`${name} was asked to stop`))
      return done
    },
  }
}

/** The last word on a run that failed, for a status line. */
export async function failureOf(run: Run): Promise<string | undefined> {
  return run.done.then(
    () => undefined,
    (error: unknown) => describeError(error),
  )
}
