import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { recordsIn, type Launcher, type Report, type Task } from '../engine.ts'
import { epochMs } from './clock.ts'
import { ProcessMeter } from './process-meter.ts'

/** What one run of an engine, in all its processes, came to. */
export interface Measured {
  readonly reports: readonly Report[]
  /** From the first record that any process had to the last that any was done with. */
  readonly seconds: number
  readonly recordsPerSecond: number
  readonly cpuSecondsPerMillion: number
  /** Of all processes together. */
  readonly peakMemoryMiB: number
  /** From the start of the processes to the first record: not in the rate. */
  readonly startupSeconds: number
}

export interface RunOptions {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

const wordsKept = 4_000

/**
 * Runs a task, in as many processes as it is for, and measures them.
 *
 * @throws Error with the end of what a process said when it crashed, or did not end in time
 */
export async function runTask(
  launcher: Launcher,
  task: Task,
  processes: number,
  options: RunOptions,
): Promise<Measured> {
  const startedAt = epochMs()
  const children = Array.from({ length: processes }, (_, index) =>
    startChild(launcher, { ...task, process: { index, of: processes } }, options),
  )
  try {
    await Promise.all(children.map(({ ready }) => ready))
    for (const child of children) child.go()
    const reports = await Promise.all(children.map(({ report }) => report))
    const from = Math.min(...reports.map((report) => report.from))
    const to = Math.max(...reports.map((report) => report.to))
    const seconds = (to - from) / 1000
    const records = recordsIn(task.spans)
    return {
      reports,
      seconds,
      recordsPerSecond: records / seconds,
      cpuSecondsPerMillion: (sum(children.map(({ meter }) => meter.cpuBetween(from, to))) * 1e6) / records,
      peakMemoryMiB: sum(children.map(({ meter }) => meter.peakMemoryMiB)),
      startupSeconds: (from - startedAt) / 1000,
    }
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}

interface Child {
  readonly meter: ProcessMeter
  readonly ready: Promise<void>
  readonly report: Promise<Report>
  go(): void
  /** Resolves when the process is gone. */
  end(): Promise<void>
}

function startChild(launcher: Launcher, task: Task, { timeoutMs, signal }: RunOptions): Child {
  const command = launcher.command(task)
  const child = spawn(command.file, command.args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...command.env },
    cwd: task.folder,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    killSignal: 'SIGKILL',
  })
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()))
  child.stdin.on('error', () => {}) // a process that is gone cannot be told anything; why it went is told elsewhere
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-wordsKept)))
  const failed = new Promise<never>((_, reject) => {
    child.once('error', (error) => reject(new Error(whyOf(error, timeoutMs), { cause: error })))
    child.once('close', (code, how) => {
      if (code === 0 && launcher.readReport !== undefined) return
      reject(new Error(`it ended with ${code ?? how}: ${lastWords(said)}`))
    })
  })
  failed.catch(() => {}) // after the report an end is as it should be
  const meter = new ProcessMeter(child.pid ?? 0)
  const { ready, report } =
    launcher.readReport === undefined ? listen(child, meter) : readAll(child, launcher.readReport, exited)
  const raced = { ready: Promise.race([ready, failed]), report: Promise.race([report, failed]) }
  raced.report.catch(() => {}) // told already when it was never ready
  return {
    meter,
    ...raced,
    go: () => void child.stdin.write('go\n'),
    async end() {
      meter.stop()
      child.stdin.end()
      const timer = setTimeout(() => child.kill('SIGKILL'), 5_000)
      await exited
      clearTimeout(timer)
    },
  }
}

/** A process that speaks as `serve-task.ts` does. It is measured once more before it may go. */
function listen(child: ChildProcess, meter: ProcessMeter): Pick<Child, 'ready' | 'report'> {
  const ready = Promise.withResolvers<void>()
  const report = Promise.withResolvers<Report>()
  if (child.stdout === null) throw new Error('the process has no output')
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return
    const message: { ready?: true; report?: Report } = JSON.parse(line)
    if (message.ready !== undefined) ready.resolve()
    if (message.report === undefined) return
    meter.sample(true)
    meter.stop()
    report.resolve(message.report)
  })
  return { ready: ready.promise, report: report.promise }
}

/** A foreign program, which prints its figures at its end. */
function readAll(
  child: ChildProcess,
  read: (stdout: string) => Report,
  exited: Promise<void>,
): Pick<Child, 'ready' | 'report'> {
  let printed = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text))
  const report = exited.then(() => read(printed))
  report.catch(() => {}) // one that crashed prints no figures, and is told of by its end
  return { ready: once(child, 'spawn').then(() => {}), report }
}

function whyOf(error: Error, timeoutMs: number): string {
  const isTimeout = error.name === 'AbortError' && error.cause instanceof Error && error.cause.name === 'TimeoutError'
  return isTimeout ? `it did not end within ${timeoutMs / 1000} s` : error.message
}

/** The line that names an error, else the last one. */
export function lastWords(said: string): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '')
  const named =
    lines.find((line) => /^[\w.\s"]*(Error|Exception)\b/.test(line)) ?? lines.find((line) => /error/i.test(line))
  return (named ?? lines.at(-1) ?? 'it said nothing').trim().slice(0, 300)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
