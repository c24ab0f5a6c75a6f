/** What came of one test file or one check. */
export interface Outcome {
  readonly name: string
  readonly passed: number
  readonly failed: number
  readonly skips: readonly { readonly reason: string }[]
  readonly failures: readonly { readonly where: string; readonly what: string }[]
  /** What it printed, if anything failed. */
  readonly output: string
  readonly seconds: number
}

/** A line for the file, and below it everything there is to know about its failures. */
export function describeOutcome(outcome: Outcome): string {
  const counts = [`${outcome.passed} passed`]
  if (outcome.failed > 0) counts.push(`${outcome.failed} failed`)
  if (outcome.skips.length > 0) counts.push(`${outcome.skips.length} skipped`)
  const word = outcome.failed > 0 ? 'FAILED' : 'ok'
  const lines = [`  ${word.padEnd(6)} ${outcome.name} (${counts.join(', ')}, ${outcome.seconds.toFixed(1)} s)`]
  for (const { where, what } of outcome.failures) lines.push('', `  ${where}`, indent(what), '')
  if (outcome.output.trim() !== '') lines.push(`  output of ${outcome.name}:`, indent(outcome.output.trim()), '')
  return lines.join('\n')
}

/** One line per reason, however many tests share it. */
export function describeSkips(outcomes: readonly Outcome[]): string[] {
  const testsByReason = new Map<string, number>()
  for (const { reason } of outcomes.flatMap((outcome) => outcome.skips)) {
    testsByReason.set(reason, (testsByReason.get(reason) ?? 0) + 1)
  }
  return [...testsByReason].map(([reason, tests]) => `skipped: ${reason} (${tests} ${tests === 1 ? 'test' : 'tests'})`)
}

/** The last line of every run: `N passed, N failed`, and `, N skipped` if any. */
export function describeTotal(outcomes: readonly Outcome[]): string {
  const sum = (count: (outcome: Outcome) => number): number =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0)
  const skipped = sum((outcome) => outcome.skips.length)
  const total = `${sum((outcome) => outcome.passed)} passed, ${sum((outcome) => outcome.failed)} failed`
  return skipped === 0 ? total : `${total}, ${skipped} skipped`
}

/** Nothing failed, and something was tried. */
export function isGood(outcomes: readonly Outcome[]): boolean {
  return outcomes.every((outcome) => outcome.failed === 0) && outcomes.some((outcome) => outcome.passed > 0)
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '    ')
}
