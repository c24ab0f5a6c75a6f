import { systemClock } from '../../foundation/clock.ts'
import type { ProcessBoard } from '../../pipelines/process-board.ts'
import type { Part, RunningPart } from './part.ts'

const firstPauseMs = 200
const longestPauseMs = 5_000
/** Parts are started one after the other: all at once, on few cores, each would take as long as all of them. */
const apartMs = 400
/** A part that ran this long has recovered; the next failure is its first again. */
const recoveredMs = 30_000

/** Keeps parts running: one that dies is started again after a pause that grows, and the board says so meanwhile. */
export class Keeper {
  private readonly parts: readonly Part[]
  private readonly board: ProcessBoard
  private readonly say: (text: string) => void
  private readonly onChange: () => void
  private readonly running = new Map<string, RunningPart>()
  private stopping: AbortController | undefined
  private loops: Promise<void>[] = []

  /** @param onChange called when another process stands for a part */
  constructor(parts: readonly Part[], board: ProcessBoard, say: (text: string) => void, onChange: () => void) {
    this.parts = parts
    this.board = board
    this.say = say
    this.onChange = onChange
  }

  start(): void {
    const stopping = new AbortController()
    this.stopping = stopping
    this.loops = this.parts.map(async (part, place) => {
      this.board.note(part.name, part.role, 'starting', null)
      if (place > 0) await systemClock.sleep(place * apartMs, stopping.signal)
      await this.keep(part, stopping.signal)
    })
  }

  pids(): ReadonlyMap<string, number> {
    const pids = [...this.running].flatMap(([name, { pid }]) => (pid === undefined ? [] : [[name, pid] as const]))
    return new Map(pids)
  }

  async stop(withinMs: number): Promise<void> {
    this.stopping?.abort()
    await Promise.all([...this.running.values()].map((each) => each.stop(withinMs)))
    await Promise.all(this.loops)
  }

  private async keep(part: Part, signal: AbortSignal): Promise<void> {
    let pauseMs = firstPauseMs
    while (!signal.aborted) {
      this.board.note(part.name, part.role, 'starting', null)
      const startedAt = systemClock.now()
      const running = part.start()
      this.running.set(part.name, running)
      this.onChange()
      const reason = await running.ended
      this.running.delete(part.name)
      if (signal.aborted) return
      if (reason === undefined) {
        this.board.note(part.name, part.role, 'stopped', null)
        return
      }
      if (systemClock.now() - startedAt > recoveredMs) pauseMs = firstPauseMs
      const plan = `starts again in ${(pauseMs / 1000).toFixed(1)} s`
      this.say(`${part.name} ${reason}; it ${plan}`)
      this.board.note(part.name, part.role, 'failed', `${reason}; ${plan}`)
      await systemClock.sleep(pauseMs, signal)
      pauseMs = Math.min(longestPauseMs, pauseMs * 2)
    }
  }
}
