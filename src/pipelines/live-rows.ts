import { liveTables, type LiveTable, type TableUpdate } from '../model/live.ts'

type Cell = string | number | null

/** Rows a table keeps for pages; beyond it the oldest go. About 100 bytes each. */
export const liveRowsMax = 250_000

/** The newest row of every key of a table, and which keys changed since they were last taken. */
export class LiveRows {
  private readonly columns: readonly string[]
  private readonly key: readonly string[]
  private readonly rows = new Map<string, readonly Cell[]>()
  private changed = new Set<string>()
  newestSentAt: number | null = null

  constructor(table: LiveTable) {
    this.columns = liveTables[table].columns
    this.key = liveTables[table].key
  }

  get hasChanges(): boolean {
    return this.changed.size > 0
  }

  put(values: Readonly<Record<string, unknown>>, sentAt: number | null): void {
    const row = this.columns.map((column) => cellOf(values[column]))
    const key = JSON.stringify(this.key.map((column) => cellOf(values[column])))
    this.rows.set(key, row)
    this.changed.add(key)
    if (sentAt !== null && Number.isFinite(sentAt)) this.newestSentAt = Math.max(this.newestSentAt ?? 0, sentAt)
    if (this.rows.size > liveRowsMax) this.dropOldest()
  }

  clear(): void {
    this.rows.clear()
    this.changed.clear()
    this.newestSentAt = null
  }

  all(): TableUpdate {
    return this.toUpdate(this.rows.values())
  }

  takeChanges(): TableUpdate {
    const rows = [...this.changed].map((key) => this.rows.get(key)).filter((row) => row !== undefined)
    this.changed = new Set()
    return this.toUpdate(rows)
  }

  private dropOldest(): void {
    const [oldest] = this.rows.keys()
    if (oldest === undefined) return
    this.rows.delete(oldest)
    this.changed.delete(oldest)
  }

  private toUpdate(rows: Iterable<readonly Cell[]>): TableUpdate {
    const columns: Cell[][] = this.columns.map(() => [])
    for (const row of rows) row.forEach((cell, index) => columns[index]?.push(cell))
    const named = Object.fromEntries(this.columns.map((name, index) => [name, columns[index] ?? []]))
    return { columns: named, newestSentAt: this.newestSentAt }
  }
}

function cellOf(value: unknown): Cell {
  return typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value)) ? value : null
}
