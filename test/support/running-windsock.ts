import { type ChildProcess, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** `windsock up` as a process, as a user runs it. */
export interface RunningWindsock {
  readonly url: string
  readonly child: ChildProcess
  /** What it has said so far. */
  said(): string
  /** The processes of its parts by name, as it notes them in `up.json`. */
  partPids(): Promise<ReadonlyMap<string, number>>
  /** The processes of the local broker. */
  brokerPids(): Promise<readonly number[]>
  /** SIGTERM, and how long it took to end, in milliseconds. */
  stop(): Promise<number>
}

/** Starts everything and resolves when the address is printed. */
export async function startWindsock(home: string, args: readonly string[] = []): Promise<RunningWindsock> {
  const child = spawn(process.execPath, [mainFile, 'up', '--home', home, '--port', '0', ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', () => {
      const found = /http:\/\/127\.0\.0\.1:\d+\//.exec(said)
      if (found !== null) resolve(found[0])
    })
    void ended.then(() => reject(new Error(`windsock up ended before it printed its address:\n${said}`)))
  })
  return {
    url,
    child,
    said: () => said,
    partPids: async () => {
      const { parts } = await readNote(home)
      return new Map(Object.entries(parts))
    },
    brokerPids: async () => (await readNote(home)).broker,
    async stop() {
      const startedAt = performance.now()
      child.kill('SIGTERM')
      await ended
      return performance.now() - startedAt
    },
  }
}

interface Note {
  readonly broker: readonly number[]
  readonly parts: Readonly<Record<string, number>>
}

async function readNote(home: string): Promise<Note> {
  const note: unknown = JSON.parse(await readFile(join(home, 'up.json'), 'utf8'))
  if (!isNote(note)) throw new Error(`up.json in ${home} is not as expected`)
  return note
}

function isNote(value: unknown): value is Note {
  return typeof value === 'object' && value !== null && 'broker' in value && 'parts' in value
}
