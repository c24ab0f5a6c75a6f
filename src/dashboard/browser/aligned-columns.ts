/**
 * Rows in order of a text key (a date), held as columns of one length. A row that comes in order is appended, a known
 * key is replaced in place; only a row that comes late costs a shift. Columns are made when first asked for.
 */
export type Column = (number | null)[]

export interface AlignedColumns {
  readonly keys: readonly string[]
  /** The column of that name, null where no row gave a value. */
  column(name: string): Column
  columnNames(): string[]
  /** The row of a key, made when it is new; -1 when the table is full of younger keys. */
  rowFor(key: string): number
}

/** @param rowsMax the rows kept at most; the oldest go first, a tenth at a time so that the cost spreads out */
export function createAlignedColumns(rowsMax: number): AlignedColumns {
  const keys: string[] = []
  const columns = new Map<string, Column>()

  function column(name: string): Column {
    let found = columns.get(name)
    if (found === undefined) {
      found = Array.from<number | null>({ length: keys.length }).fill(null)
      columns.set(name, found)
    }
    return found
  }

  function rowFor(key: string): number {
    const newest = keys.at(-1)
    if (key === newest) return keys.length - 1
    if (newest === undefined || key > newest) {
      if (keys.length >= rowsMax) dropOldest()
      keys.push(key)
      for (const values of columns.values()) values.push(null)
      return keys.length - 1
    }
    const row = firstRowFrom(keys, key)
    if (keys[row] === key) return row
    if (keys.length >= rowsMax) return -1
    keys.splice(row, 0, key)
    for (const values of columns.values()) values.splice(row, 0, null)
    return row
  }

  function dropOldest(): void {
    const dropped = Math.max(1, Math.floor(rowsMax / 10))
    keys.splice(0, dropped)
    for (const values of columns.values()) values.splice(0, dropped)
  }

  return { keys, column, columnNames: () => [...columns.keys()], rowFor }
}

/** The first row whose key is not before the given one; the length when every key is before it. */
export function firstRowFrom(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}
