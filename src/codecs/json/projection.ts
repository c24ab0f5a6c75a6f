import { type ColumnArrays, TextColumn, type NumberColumn } from '../../model/column.ts'
import { ColumnFrame, finderOf } from '../../model/frame.ts'
import type { Fields, Schema } from '../../model/schema.ts'
import { Misfit, readMember } from '../../model/value.ts'
import { FULL, NOTHING, rowsMax, UNSURE } from './verdicts.ts'

/** What the dictionaries of a decoder may hold before they begin anew. */
const dictionaryBytesMax = 16 * 1_048_576

/** Keys that are told apart: a producer that makes up ever new ones is not worth remembering. */
const keysMax = 4_096

/** The columns that are wanted of a schema's records, and what a scanner must know to fill them. */
export class Projection<F extends Fields = Fields> {
  readonly schema: Schema<F>
  readonly reads: readonly (keyof F & string)[]
  readonly frame: ColumnFrame<F>
  /** In the order of `reads`. */
  readonly columns: readonly (NumberColumn | TextColumn)[]
  /** The places in `reads` of what the schema's check reads, if it is to be run. */
  readonly checked: readonly number[] | undefined
  private readonly findField: (column: string) => string | undefined
  private keys = 0

  constructor(schema: Schema<F>, reads: readonly (keyof F & string)[], arrays?: ColumnArrays) {
    this.schema = schema
    this.reads = [...new Set(reads)]
    this.frame = new ColumnFrame(schema, '', rowsMax, arrays === undefined ? { reads } : { reads, arrays })
    this.columns = this.reads.map((name) => this.frame.columnOf(name))
    const checked = schema.check?.reads.map((name) => this.reads.indexOf(name))
    this.checked = checked?.includes(-1) === true ? undefined : checked
    this.findField = finderOf(schema)
  }

  /** Whether the dictionaries hold as much as they may. */
  get isFull(): boolean {
    let bytes = 0
    for (const column of this.columns) if (column instanceof TextColumn) bytes += column.dictionaryBytes
    return bytes >= dictionaryBytesMax
  }

  /**
   * Which column a key's value belongs to, as its place in `reads`, or NOTHING.
   *
   * @param raw the key as valid JSON
   */
  judgeKey(raw: string): number {
    if (++this.keys > keysMax) return UNSURE
    const key: unknown = JSON.parse(raw)
    if (typeof key !== 'string' || key === '__proto__') return UNSURE
    const name = this.findField(key)
    return name === undefined ? NOTHING : this.reads.indexOf(name)
  }

  /**
   * What a value is in its column: the place of a text in the dictionary, a time of day, or NOTHING for an empty cell.
   *
   * @param read the column, as its place in `reads`
   * @param raw the value as valid JSON
   */
  judgeValue(read: number, raw: string): number {
    const column = this.columns[read]
    if (column === undefined) return UNSURE
    const value = readMember(column.field, JSON.parse(raw))
    if (value instanceof Misfit) return UNSURE
    if (value === null) return NOTHING
    if (!(column instanceof TextColumn) || typeof value === 'number') return Number(value)
    return this.isFull && !column.has(value) ? FULL : column.codeOf(value)
  }

  /** Begins new dictionaries. Scanners that know codes of the old ones are told so by whoever calls this. */
  startAnew(): void {
    this.keys = 0
    for (const column of this.columns) if (column instanceof TextColumn) column.startAnew()
  }
}
