import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { until } from '../../../support/until.ts'

const program = fileURLToPath(new URL('member-process.ts', import.meta.url))

export interface MemberPlace {
  readonly brokers: readonly string[]
  readonly group: string
  readonly topic: string
  /** The file its journal is appended to. */
  readonly journal: string
  readonly memberId?: string
}

/** A line of a journal. */
export interface Note {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** `worked`, `gained`, `released`, `lost`, `committed`, `refused`, `began`; last `left` or an error's code. */
  readonly what: string
  readonly partition: number
  readonly position: number
}

/** A member process that was started. */
export class RunningMember {
  readonly place: MemberPlace
  readonly ended: Promise<void>
  private readonly child: ChildProcess
  said = ''

  constructor(place: MemberPlace) {
    this.place = place
    this.child = spawn(process.execPath, [program, JSON.stringify(place)], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.said += text))
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()))
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.ended
  }

  /** SIGTERM, and the way it ended. */
  async stop(): Promise<string> {
    this.child.kill('SIGTERM')
    await until(`${this.place.journal} to end`, () => !this.isRunning, 20_000)
    return this.notes().at(-1)?.what ?? ''
  }

  notes(): Note[] {
    return readNotes(this.place.journal)
  }

  /** The first note that is so, at or after a moment. */
  async note(what: string, partition?: number, since = 0, timeoutMs = 30_000): Promise<Note> {
    return until(
      `${what} ${partition ?? ''} of ${this.place.memberId ?? 'a member'}`,
      () =>
        this.notes().find(
          (each) => each.what === what && each.at >= since && (partition === undefined || each.partition === partition),
        ),
      timeoutMs,
    )
  }

  /** Resolves once it works on so many partitions. */
  async worksOn(count: number, since = 0): Promise<void> {
    await until(`${this.place.memberId} to work on ${count}`, () => {
      const working = new Set<number>()
      for (const { what, partition, at } of this.notes()) {
        if (what === 'worked' && at >= since) working.add(partition)
        else if (what === 'released' || what === 'lost') working.delete(partition)
      }
      return working.size === count
    })
  }
}

export function readNotes(journal: string): Note[] {
  let text = ''
  try {
    text = readFileSync(journal, 'utf8')
  } catch {
    return [] // not begun yet
  }
  const lines = text.split('\n').slice(0, -1) // the last one is empty, or half written
  return lines.map((line) => {
    const [at, what, partition, position] = line.split(' ')
    return { at: Number(at), what: what ?? '', partition: Number(partition), position: Number(position) }
  })
}
