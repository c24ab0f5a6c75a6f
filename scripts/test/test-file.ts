import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Ending, runProgram } from './child-process.ts'
import type { Outcome } from './outcome.ts'

/** A line of reporter.cjs. */
type ReportLine = Finished | { readonly type: 'started'; readonly name: string } | { readonly type: 'end' }

interface Finished {
  readonly type: 'finished'
  readonly passed: boolean
  readonly kind: 'test' | 'suite'
  readonly name: string
  readonly line: number
  readonly skip: boolean | string
  readonly todo: boolean | string
  readonly failure: string | null
}

const reporter = fileURLToPath(new URL('reporter.cjs', import.meta.url))

/**
 * Runs one test file in a process of its own. A file that crashes, that does not end within `timeoutMs` or that holds no
 * test at all counts as one failed test.
 */
export async function runTestFile(file: string, timeoutMs: number): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'windsock-test-'))
  try {
    const reportPath = join(folder, 'report')
    const options = [
      '--disable-warning=ExperimentalWarning',
      `--test-reporter=${reporter}`,
      `--test-reporter-destination=${reportPath}`,
    ]
    const end = await runProgram(process.execPath, [...options, file], timeoutMs)
    const lines = parseLines(findText(reportPath))
    const outcome = outcomeOf(
      file,
      lines.filter((line) => line.type === 'finished'),
    )
    const wrong = wrongWithFile(lines, outcome, end, timeoutMs)
    const failures = wrong === undefined ? outcome.failures : [...outcome.failures, { where: file, what: wrong }]
    return {
      ...outcome,
      failed: outcome.failed + (wrong === undefined ? 0 : 1),
      failures,
      output: failures.length > 0 ? end.output : '',
      seconds: end.seconds,
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function wrongWithFile(
  lines: readonly ReportLine[],
  outcome: Outcome,
  end: Ending,
  timeoutMs: number,
): string | undefined {
  if (end.timedOut) return `did not end within ${timeoutMs / 1000} s: ${describeHang(lines)}`
  if (end.signal !== null) return `was ended by ${end.signal}`
  if (end.code !== 0 && outcome.failed === 0) return `crashed with exit code ${end.code}`
  if (lines.length === 0) return 'reported no tests: it holds none, or calls process.exit'
  if (!lines.some((line) => line.type === 'end')) return 'ended before its tests did: something calls process.exit'
  if (outcome.passed + outcome.failed + outcome.skips.length === 0) return 'holds no tests'
  return undefined
}

function describeHang(lines: readonly ReportLine[]): string {
  const finished = new Set(lines.flatMap((line) => (line.type === 'finished' ? [line.name] : [])))
  const hanging = lines.flatMap((line) => (line.type === 'started' && !finished.has(line.name) ? [line.name] : []))
  return hanging.length === 0 ? 'its tests leave something open' : `unfinished: ${hanging.join(', ')}`
}

function outcomeOf(file: string, reports: readonly Finished[]): Outcome {
  // A suite is counted by its tests, unless it was skipped or failed as a whole.
  const counted = reports.filter((report) => report.kind === 'test' || isSkipped(report) || report.failure !== null)
  const done = counted.filter((report) => !isSkipped(report))
  return {
    name: file,
    passed: done.filter((report) => report.passed).length,
    failed: done.filter((report) => !report.passed).length,
    skips: counted.filter(isSkipped).map((report) => ({ reason: reasonOf(file, report) })),
    failures: done
      .filter((report) => report.failure !== null)
      .map((report) => ({ where: `${file}:${report.line} ${report.name}`, what: report.failure ?? '' })),
    output: '',
    seconds: 0,
  }
}

/** A test marked `todo` proves nothing either way, so it is told like a skipped one. */
function isSkipped(report: Finished): boolean {
  return report.skip !== false || report.todo !== false
}

function reasonOf(file: string, report: Finished): string {
  const reason = report.skip === false ? report.todo : report.skip
  const prefix = report.skip === false ? 'to do: ' : ''
  return prefix + (typeof reason === 'string' && reason !== '' ? reason : `no reason given by ${file} "${report.name}"`)
}

/** Without the last line when it is half written, as that of a killed file may be. */
function parseLines(text: string): ReportLine[] {
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line !== '')
    .map((line): ReportLine => JSON.parse(line))
}

function findText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
