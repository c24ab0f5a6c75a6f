import { absent, createColumn, type Cell, type Cells, type Column, type ColumnArrays } from './column.ts'
import { createCursor, type Cursor } from './cursor.ts'
import { createColumnFinder, type Field, type Fields, type Row, type RowCheck, type Schema } from './schema.ts'
import { beginningOf, Misfit, readCell, readMember, toMember, writeCell, type Value } from './value.ts'

export { absent, type Cell } from './column.ts'

/** A record that does not fit its schema, with its position in the frame's origin and the reason. */
export interface Refusal {
  readonly position: number
  readonly reason: string
  /** The record as it came, cut where it is long. */
  readonly sample: string
}

/**
 * A batch in columns: numbers as doubles, text by dictionary, one byte of state a cell. Every row knows where it came
 * from: `origin` names the file or the topic's partition, `positions` the line or the offset.
 */
export interface Frame<F extends Fields = Fields> {
  readonly schema: Schema<F>
  readonly origin: string
  readonly length: number
  /** What did not fit, in the order it came. */
  readonly refusals: readonly Refusal[]
  /** Where row `index` came from: `origin`, but for rows that were copied from frames of other origins. */
  originAt(index: number): string
  /** The line or offset of row `index`. */
  positionAt(index: number): number
  cellAt(name: keyof F, index: number): Cell
  /** The cell of the field that is `order`th in the schema, for whoever goes through all of them. */
  cellOf(order: number, index: number): Cell
  /** A whole column as it lies in memory, as long as the frame does not grow. Throws for a field that was not read. */
  cellsOf(name: keyof F): Cells
  /** Row `index` as a cursor over the columns: no object per row; valid until the cursor moves. */
  rowAt(index: number): Row<F>
  /** Row `index` as a name/value record under the wire's names; absent columns are absent here too. */
  recordAt(index: number): Record<string, Value>
  /** Row `index` as the cells of a table in the schema's order. */
  cellsAt(index: number): string[]
}

/** How much of a refused record is kept as evidence. */
const sampleCharactersMax = 2_048

/** A refused record as it is kept. */
export function cutSample(text: string): string {
  return beginningOf(text, sampleCharactersMax)
}

/** A frame that is still being filled. */
export interface FrameBuilder<F extends Fields = Fields> extends Frame<F> {
  /** Takes a table's row: `names[i]` is the field of `cells[i]`, undefined for a column nobody declared. */
  addCells(names: readonly (string | undefined)[], cells: readonly string[], position: number): void
  /**
   * Takes a JSON record under the wire's names; of two members for the same field the first counts. `sample` is asked for
   * only when it does not fit.
   */
  addRecord(record: Readonly<Record<string, unknown>>, position: number, sample: () => string): void
  /** Copies a row of a frame of the same schema, with its origin and position. */
  addRow(frame: Frame<F>, index: number): void
  refuse(position: number, reason: string, sample: string): void
}

/** @param reads the fields that are read, all of them if it is left out: the others are absent, whatever comes for them */
export function createFrame<F extends Fields>(
  schema: Schema<F>,
  origin: string,
  capacity = 1024,
  reads?: readonly (keyof F & string)[],
): FrameBuilder<F> {
  return new ColumnFrame(schema, origin, Math.max(1, capacity), { reads })
}

export interface FrameOptions<F extends Fields> {
  readonly reads?: readonly (keyof F & string)[] | undefined
  readonly arrays?: ColumnArrays
}

/** The frame for those who fill its columns themselves; whoever only adds rows takes `createFrame`. */
export class ColumnFrame<F extends Fields> implements FrameBuilder<F> {
  readonly schema: Schema<F>
  origin: string
  refusals: Refusal[] = []
  length = 0
  private capacity: number
  /** By row, the line or offset it came from. */
  positions: Float64Array
  /** The origins of the rows that were copied from other frames; undefined while there are none. */
  private origins: string[] | undefined
  /** All of the schema's columns, those that are not read too. */
  private readonly columns: readonly Column[]
  private readonly byName: ReadonlyMap<keyof F & string, ReadColumn>
  private readonly readColumns: readonly Column[]
  private readonly check: RowCheck | undefined
  private readonly findField: (column: string) => string | undefined
  private readonly cursor: Cursor<F>
  /** Sees the row that is being added, which the reader's cursor must not move to. */
  private readonly checked: Cursor<F>
  /** The columns for the names that `addCells` was given last: the same for all rows of a table. */
  private table: { names: readonly (string | undefined)[]; columns: readonly (Column | undefined)[] }
  /** The columns for the members of the record that came last: mostly the same for all records of a topic. */
  private members: { keys: readonly string[]; columns: readonly (Column | undefined)[] }

  constructor(schema: Schema<F>, origin: string, capacity: number, { reads, arrays }: FrameOptions<F> = {}) {
    this.schema = schema
    this.origin = origin
    this.capacity = capacity
    this.positions = arrays?.doubles(capacity) ?? new Float64Array(capacity)
    const isRead = (name: string): boolean => reads === undefined || reads.includes(name)
    const fields = Object.entries(schema.fields)
    this.byName = new Map(
      fields.filter(([name]) => isRead(name)).map(([name, field]) => [name, createColumn(field, capacity, arrays)]),
    )
    this.readColumns = [...this.byName.values()]
    this.columns = fields.map(([name, field]) => this.byName.get(name) ?? new UnreadColumn(field))
    this.check = schema.check?.reads.every(isRead) === true ? schema.check : undefined
    this.findField = finderOf(schema)
    this.cursor = createCursor(schema, this.columns)
    this.checked = createCursor(schema, this.columns)
    this.table = { names: [], columns: [] }
    this.members = { keys: [], columns: [] }
  }

  addCells(names: readonly (string | undefined)[], cells: readonly string[], position: number): void {
    const columns = this.columnsOf(names)
    this.beginRow()
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i]
      if (column === undefined) continue
      const value = readCell(column.field, cells[i] ?? '')
      if (value instanceof Misfit) return this.refuse(position, value.reason, cells.join(','))
      column.set(this.length, value)
    }
    const reason = this.endRow(position)
    if (reason !== undefined) this.refuse(position, reason, cells.join(','))
  }

  addRecord(record: Readonly<Record<string, unknown>>, position: number, sample: () => string): void {
    const keys = Object.keys(record)
    const columns = this.columnsOfMembers(keys)
    if (columns === undefined) return this.refuse(position, 'the record has a member named __proto__', sample())
    this.beginRow()
    for (let i = 0; i < keys.length; i++) {
      const column = columns[i]
      if (column === undefined) continue
      const value = readMember(column.field, record[keys[i] ?? ''])
      if (value instanceof Misfit) return this.refuse(position, value.reason, sample())
      column.set(this.length, value)
    }
    const reason = this.endRow(position)
    if (reason !== undefined) this.refuse(position, reason, sample())
  }

  addRow(frame: Frame<F>, index: number): void {
    this.beginRow()
    for (const [name, column] of this.byName) column.set(this.length, frame.cellAt(name, index))
    const origin = frame.originAt(index)
    if (origin !== this.origin) this.origins ??= Array.from({ length: this.length }, () => this.origin)
    this.origins?.push(origin)
    this.positions[this.length++] = frame.positionAt(index)
  }

  refuse(position: number, reason: string, sample: string): void {
    this.refusals.push({ position, reason, sample: cutSample(sample) })
  }

  originAt(index: number): string {
    return this.origins?.[index] ?? this.origin
  }

  positionAt(index: number): number {
    return index < this.length ? (this.positions[index] ?? -1) : -1
  }

  cellAt(name: keyof F, index: number): Cell {
    const column = this.byName.get(String(name))
    return column === undefined || index >= this.length ? absent : column.cellAt(index)
  }

  cellOf(order: number, index: number): Cell {
    return index >= this.length ? absent : (this.columns[order]?.cellAt(index) ?? null)
  }

  cellsOf(name: keyof F): Cells {
    return this.columnOf(name).cells
  }

  columnOf(name: keyof F): ReadColumn {
    const column = this.byName.get(String(name))
    if (column === undefined)
      throw new RangeError(`${String(name)} is not a field of ${this.schema.name} that was read`)
    return column
  }

  /** Begins a new frame of the same columns: their cells and dictionaries stay as they are. */
  startAnew(origin: string): void {
    this.origin = origin
    this.length = 0
    if (this.refusals.length > 0) this.refusals = []
  }

  /** Why the row behind the last one does not pass the schema's check, which is run if all that it reads is read. */
  reasonAgainstRow(index: number): string | undefined {
    return this.check?.reasonAgainst(this.checked.moveTo(index))
  }

  rowAt(index: number): Row<F> {
    return this.cursor.moveTo(index)
  }

  recordAt(index: number): Record<string, Value> {
    const record: Record<string, Value> = {}
    for (const column of this.columns) {
      const cell = column.cellAt(index)
      if (cell !== absent) record[column.field.column] = toMember(column.field, cell)
    }
    return record
  }

  cellsAt(index: number): string[] {
    return this.columns.map((column) => {
      const cell = column.cellAt(index)
      return cell === absent ? '' : writeCell(column.field, cell)
    })
  }

  private columnsOf(names: readonly (string | undefined)[]): readonly (Column | undefined)[] {
    if (this.table.names !== names) {
      this.table = { names, columns: names.map((name) => (name === undefined ? undefined : this.byName.get(name))) }
    }
    return this.table.columns
  }

  /** Undefined when one of the members is named __proto__. */
  private columnsOfMembers(keys: readonly string[]): readonly (Column | undefined)[] | undefined {
    const known = this.members
    if (keys.length === known.keys.length && keys.every((key, i) => key === known.keys[i])) return known.columns
    if (keys.includes('__proto__')) return undefined
    const seen = new Set<string>()
    const columns = keys.map((key) => {
      const name = this.findField(key)
      if (name === undefined || seen.has(name)) return undefined
      seen.add(name)
      return this.byName.get(name)
    })
    this.members = { keys, columns }
    return columns
  }

  /** Makes room for a row behind the last; it counts once `endRow` has taken it, and is overwritten if it has not. */
  private beginRow(): void {
    if (this.length === this.capacity) {
      this.capacity *= 2
      const positions = new Float64Array(this.capacity)
      positions.set(this.positions)
      this.positions = positions
      for (const column of this.readColumns) column.grow(this.capacity)
    }
    for (const column of this.readColumns) column.set(this.length, absent)
  }

  /** Takes the row in, or returns why it does not fit. */
  private endRow(position: number): string | undefined {
    for (const column of this.readColumns) {
      if (!column.field.required) continue
      const cell = column.cellAt(this.length)
      if (cell === absent) return `${column.field.column} is missing`
      if (cell === null) return `${column.field.column} is empty`
    }
    const reason = this.reasonAgainstRow(this.length)
    if (reason !== undefined) return reason
    this.origins?.push(this.origin)
    this.positions[this.length++] = position
    return undefined
  }
}

type ReadColumn = ReturnType<typeof createColumn>

/** Stands where a column is that nobody reads. */
class UnreadColumn implements Column {
  readonly field: Field

  constructor(field: Field) {
    this.field = field
  }

  get cells(): never {
    throw new RangeError(`${this.field.column} was not read`)
  }

  set(): void {}

  cellAt(): Cell {
    return absent
  }

  grow(): void {}
}

const finders = new WeakMap<Schema, (column: string) => string | undefined>()

/** As `createColumnFinder`, made once for each schema. */
export function finderOf(schema: Schema): (column: string) => string | undefined {
  const known = finders.get(schema)
  if (known !== undefined) return known
  const made = createColumnFinder(schema)
  finders.set(schema, made)
  return made
}
