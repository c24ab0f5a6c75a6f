import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { runProgram } from './child-process.ts'
import type { Outcome } from './outcome.ts'
import { runTestFile } from './test-file.ts'

export const stageNames = ['types', 'lint', 'format', 'unit', 'kafka', 'browser'] as const
export type StageName = (typeof stageNames)[number]
export type SuiteName = 'unit' | 'kafka' | 'browser'

/** What a check runs, one command after the other: the package, its program, the arguments. */
const commandsByCheck: Record<Exclude<StageName, SuiteName>, readonly [string, string, ...string[]][]> = {
  types: [
    ['typescript', 'tsc', '-p', '.'],
    ['typescript', 'tsc', '-p', 'src/dashboard/browser'],
  ],
  lint: [['oxlint', 'oxlint', '--type-aware', '--deny-warnings']],
  format: [['oxfmt', 'oxfmt', '--check', '.']],
}

const checkTimeoutMs = 120_000

/** Unit files share the cores; a broker or a browser wants the machine for itself and takes its time. */
const suites: Record<SuiteName, { concurrency: number; timeoutMs: number }> = {
  unit: { concurrency: Math.max(2, availableParallelism()), timeoutMs: 60_000 },
  kafka: { concurrency: 1, timeoutMs: 300_000 },
  browser: { concurrency: 1, timeoutMs: 300_000 },
}

/** The suite a test file belongs to, by where it lies. */
export function suiteOf(file: string): SuiteName {
  if (/^test\/(kafka|broker\/kafka|scenarios)\//.test(file)) return 'kafka'
  if (file.startsWith('test/browser/')) return 'browser'
  return 'unit'
}

/** All test files, relative to the project's folder, with forward slashes. */
export function findTestFiles(): string[] {
  return globSync('test/**/*.test.ts')
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted()
}

export function isSuite(stage: StageName): stage is SuiteName {
  return Object.hasOwn(suites, stage)
}

/** Runs one stage and tells each outcome as it comes. */
export async function runStage(
  stage: StageName,
  files: readonly string[],
  tell: (outcome: Outcome) => void,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const take = (outcome: Outcome): void => {
    outcomes.push(outcome)
    tell(outcome)
  }
  if (!isSuite(stage)) {
    take(await runCheck(stage))
    return outcomes
  }
  const { concurrency, timeoutMs } = suites[stage]
  const waiting = files.filter((file) => suiteOf(file) === stage)
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      take(await runTestFile(file, timeoutMs))
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  return outcomes
}

async function runCheck(check: Exclude<StageName, SuiteName>): Promise<Outcome> {
  let seconds = 0
  for (const [packageName, program, ...args] of commandsByCheck[check]) {
    const end = await runProgram(process.execPath, [programPath(packageName, program), ...args], checkTimeoutMs)
    seconds += end.seconds
    if (end.code === 0) continue
    const what = end.timedOut ? `did not end within ${checkTimeoutMs / 1000} s` : `exit code ${end.code ?? end.signal}`
    const failure = { where: [program, ...args].join(' '), what }
    return { name: check, passed: 0, failed: 1, skips: [], failures: [failure], output: end.output, seconds }
  }
  return { name: check, passed: 1, failed: 0, skips: [], failures: [], output: '', seconds }
}

/** The script behind a package's program, to be run on this very Node rather than on the first one of the PATH. */
function programPath(packageName: string, program: string): string {
  const folder = join('node_modules', packageName)
  const manifest: { bin: Record<string, string> } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const path = manifest.bin[program]
  if (path === undefined) throw new Error(`the package ${packageName} has no program ${program}`)
  return join(folder, path)
}
