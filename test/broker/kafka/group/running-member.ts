import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, openSync, readSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GroupTuning } from '../../../../src/broker/kafka/group/join-group.ts'
import { until } from '../../../support/until.ts'

const program = fileURLToPath(new URL('member-process.ts', import.meta.url))

/** Both protocols go through these tests: WINDSOCK_GROUP_PROTOCOL=classic chooses the older one. */
export const protocol = process.env['WINDSOCK_GROUP_PROTOCOL'] === 'classic' ? 'classic' : 'consumer'

export interface MemberPlace {
  readonly brokers: readonly string[]
  readonly group: string
  readonly topic: string
  /** The file its journal is appended to. */
  readonly journal: string
  readonly memberId?: string
  readonly tuning: GroupTuning
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
  private file: number | undefined
  private unread = ''
  private readonly known: Note[] = []
  said = ''

  constructor(place: MemberPlace) {
    this.place = place
    this.child = spawn(process.execPath, [program, JSON.stringify(place)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(place.journal), 'compiled') },
    })
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.said += text))
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()))
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Whether it runs, and has not joined yet. */
  get isBeginning(): boolean {
    return this.isRunning && this.notes().length === 0
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

  /** All there is up to now; a line that is half written comes with the next call. */
  notes(): readonly Note[] {
    if (!existsSync(this.place.journal)) return []
    this.file ??= openSync(this.place.journal, 'r')
    const piece = Buffer.allocUnsafe(65_536)
    for (let bytes = readSync(this.file, piece); bytes > 0; bytes = readSync(this.file, piece)) {
      this.unread += piece.toString('latin1', 0, bytes)
    }
    const lines = this.unread.split('\n')
    this.unread = lines.pop() ?? ''
    this.known.push(...lines.map(parseNote))
    return this.known
  }

  /** The first note that is so, at or after a moment. */
  async note(what: string, partition?: number, since = 0, timeoutMs = 30_000): Promise<Note> {
    return until(
      `${what} ${partition ?? ''} of ${this.place.memberId ?? 'a member'} (${this.said})`,
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

function parseNote(line: string): Note {
  const [at, what, partition, position] = line.split(' ')
  return { at: Number(at), what: what ?? '', partition: Number(partition), position: Number(position) }
}
