import { type ChildProcess, spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

/** How a program ended, and what it printed to either stream, without colours (the end of it, if it was long). */
export interface Ending {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly timedOut: boolean
  readonly output: string
  readonly seconds: number
}

const outputCharsMax = 100_000
/** What a child gets to end in peace before it is killed. */
const graceMs = 3_000

const running = new Set<ChildProcess>()

/** Runs a program to its end, or to `timeoutMs`; with it ends whatever it has started and not moved to another group. */
export function runProgram(program: string, args: readonly string[], timeoutMs: number): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    // A test that runs tests is no part of the outer run, as node:test would take it for.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const child = spawn(program, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
    })
    running.add(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-outputCharsMax)
      })
    }
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      void endGroup(child)
    }, timeoutMs)
    child.on('error', reject)
    child.on('exit', () => {
      // What the program left behind would hold its output open, and the next file's ports.
      if (!timedOut) signalGroup(child, 'SIGKILL')
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      running.delete(child)
      resolve({
        code,
        signal,
        timedOut,
        output: stripVTControlCharacters(output),
        seconds: (performance.now() - startMs) / 1000,
      })
    })
  })
}

/** Ends every program that still runs. */
export async function endRunningPrograms(): Promise<void> {
  await Promise.all([...running].map(endGroup))
}

async function endGroup(child: ChildProcess): Promise<void> {
  signalGroup(child, 'SIGTERM')
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, graceMs)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
  })
  signalGroup(child, 'SIGKILL')
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {
    // the group has ended by itself
  }
}
