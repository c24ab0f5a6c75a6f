import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result } from '../analyses/analysis.ts'

export type TableFormat = 'json' | 'csv'

/**
 * All results of an analysis as text, sorted by key: the same bytes whether they were computed live or from files. Numbers are
 * written with as many digits as tell them from every other double.
 */
export function writeResults(analysis: ChosenAnalysis, results: Iterable<Result>, format: TableFormat): string {
  const { key, columns } = analysis.emits
  const sorted = [...results].toSorted((a, b) => compareBy(key, a, b))
  if (format === 'csv') {
    const lines = sorted.map((result) => columns.map((column) => csvCell(result[column])).join(','))
    return [columns.join(','), ...lines, ''].join('\n')
  }
  const rows = sorted.map((result) =>
    JSON.stringify(Object.fromEntries(columns.map((column) => [column, result[column]]))),
  )
  return rows.length === 0 ? '[]\n' : `[${rows.join(',\n')}]\n`
}

function compareBy(key: readonly string[], a: Result, b: Result): number {
  for (const column of key) {
    const left = a[column] ?? ''
    const right = b[column] ?? ''
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}

function csvCell(value: string | number | undefined): string {
  const text = String(value ?? '')
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
