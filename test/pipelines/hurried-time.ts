import { syncBuiltinESMExports } from 'node:module'
import { after, mock } from 'node:test'
import { settle } from './hand-clock.ts'

const stepMs = 25

/** Time that passes as fast as the work that waits for it allows. */
export interface HurriedTime {
  /** Lets time pass until the work has ended. */
  during<T>(work: Promise<T>): Promise<T>
  /** Lets so much time pass. */
  pass(ms: number): Promise<void>
  /** Lets time pass until something is so; within a minute of it. */
  until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void>
}

/** Hurries the timeouts of all of a test file. */
export function hurryTime(): HurriedTime {
  mock.timers.enable({ apis: ['setTimeout'] })
  syncBuiltinESMExports() // for those who have imported them by name
  after(() => {
    mock.timers.reset()
    syncBuiltinESMExports()
  })
  return {
    async during(work) {
      const state = { isOver: false }
      const end = (): void => void (state.isOver = true)
      work.then(end, end)
      for (let passed = 0; !state.isOver; passed += stepMs) {
        if (passed > 600_000) throw new Error('the work does not end')
        await step()
      }
      return work
    },
    async pass(ms) {
      for (let passed = 0; passed < ms; passed += stepMs) await step()
      await settle()
    },
    async until(what, isSo) {
      for (let passed = 0; !(await isSo()); passed += stepMs) {
        if (passed > 60_000) throw new Error(`${what}: not within a minute`)
        await step()
      }
    },
  }
}

async function step(): Promise<void> {
  await settle()
  mock.timers.tick(stepMs)
}
