import { describeError } from '../../foundation/errors.ts'
import type { Part } from './part.ts'

/** A part that shares this process, for the in-process log. */
export function localPart(part: Pick<Part, 'name' | 'role'>, work: (signal: AbortSignal) => Promise<unknown>): Part {
  return {
    ...part,
    start() {
      const abort = new AbortController()
      const ended = work(abort.signal).then(
        () => undefined,
        (error: unknown) => describeError(error),
      )
      return {
        pid: undefined,
        ended,
        async stop() {
          abort.abort()
          await ended
        },
      }
    },
  }
}
