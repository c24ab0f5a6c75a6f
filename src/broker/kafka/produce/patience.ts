import { setTimeout as delay } from 'node:timers/promises'
import { WindsockError } from '../../../foundation/errors.ts'
import { isTransient } from '../kafka-errors.ts'

/** Longer and longer, at most a second. */
export async function backOff(attempt: number, signal: AbortSignal): Promise<void> {
  await delay(Math.min(1_000, 50 * 2 ** attempt), undefined, { signal }).catch(() => {})
}

/** Repeats what fails until it succeeds, fails in a way that no waiting mends, or `signal` aborts: then the last error is thrown. */
export async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !isWorthWaiting(error)) throw error
      await backOff(attempt, signal)
    }
  }
}

/** Whether the broker is away, starting or electing. */
export function isWorthWaiting(error: unknown): boolean {
  if (error instanceof WindsockError) return error.retriable
  // The library has no words for errors newer than itself, and fails like this.
  return !(error instanceof TypeError) && isTransient(error)
}
