import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** The committed demonstration data. */
export const flightsFile = fileURLToPath(new URL('../../data/flights-2015-01-01-to-03.csv.gz', import.meta.url))
export const flightsRows = 46_125

export function pricesFile(symbol: string): string {
  return fileURLToPath(new URL(`../../data/prices/${symbol}.csv.gz`, import.meta.url))
}

export interface CommandOptions {
  /** The working folder, where `windsock.json` is looked for. */
  readonly cwd?: string
  /** Added to an environment without any setting of Windsock's. */
  readonly env?: Readonly<Record<string, string>>
}

export interface CommandEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** The command line as a process. */
export interface RunningCommand {
  readonly pid: number
  stdout(): string
  stderr(): string
  readonly ended: Promise<CommandEnd>
  isOver(): boolean
  signal(name: NodeJS.Signals): void
  /** SIGTERM, and SIGKILL for one that does not heed it; harmless when it is over. Resolves with the milliseconds it took. */
  stop(withinMs?: number): Promise<number>
}

const endMsMax = 120_000

/** Starts `windsock …args`; what it leaves running is ended with this process. */
export function startCommand(args: readonly string[], options: CommandOptions = {}): RunningCommand {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', mainFile, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd ?? process.cwd(),
    env: { ...inheritedEnvironment(), ...options.env },
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const killWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const ended = new Promise<CommandEnd>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  ended.catch(() => {}) // whoever asks for the end gets the reason
  void exited.then(() => process.off('exit', killWithUs))
  const isOver = (): boolean => child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid ?? -1,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    isOver,
    signal: (name) => void child.kill(name),
    async stop(withinMs = 20_000) {
      const startedAt = performance.now()
      if (isOver()) return 0
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      await exited
      clearTimeout(timer)
      return performance.now() - startedAt
    },
  }
}

/** Runs `windsock …args` to its end. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandEnd> {
  const running = startCommand(args, options)
  const timer = setTimeout(() => running.signal('SIGKILL'), endMsMax)
  try {
    return await running.ended
  } finally {
    clearTimeout(timer)
  }
}

/** Runs it and gives what it prints; throws with what it said when it fails. */
export async function printsOf(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { code, signal, stdout, stderr } = await runCommand(args, options)
  if (code === 0) return stdout
  throw new Error(`windsock ${args.join(' ')} ended with ${code ?? signal}:\n${stderr}`)
}

function inheritedEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('WINDSOCK_') && name !== 'NODE_TEST_CONTEXT' && name !== 'NODE_OPTIONS',
  )
  return Object.fromEntries(kept)
}
