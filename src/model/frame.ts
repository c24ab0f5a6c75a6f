import type { Field, Fields, Row, Schema } from './schema.ts'
import { createColumnFinder } from './schema.ts'
import { Misfit, readCell, readMember, toMember, writeCell, type Value } from './value.ts'

/** A cell's three states: a value, an empty cell, and a column that the record did not have at all. */
const PRESENT = 0
const EMPTY = 1
const ABSENT = 2

/** Marks a cell whose column the record did not have. */
export const absent = Symbol('absent')
export type Cell = Value | typeof absent

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
  /** The line or offset of row `index`. */
  positionAt(index: number): number
  cellAt(name: keyof F, index: number): Cell
  /** Row `index` as a cursor over the columns: no object per row; valid until the cursor moves. */
  rowAt(index: number): Row<F>
  /** Row `index` as a name/value record under the wire's names; absent columns are absent here too. */
  recordAt(index: number): Record<string, Value>
  /** Row `index` as the cells of a table in the schema's order. */
  cellsAt(index: number): string[]
}

/** How much of a refused record is kept as evidence. */
const sampleCharactersMax = 2_048

/** A frame that is still being filled. */
export interface FrameBuilder<F extends Fields = Fields> extends Frame<F> {
  /** Takes a table's row: `names[i]` is the field of `cells[i]`, undefined for a column nobody declared. */
  addCells(names: readonly (string | undefined)[], cells: readonly string[], position: number): void
  /** Takes a JSON record under the wire's names; `sample` is asked for only when it does not fit. */
  addRecord(record: Readonly<Record<string, unknown>>, position: number, sample: () => string): void
  refuse(position: number, reason: string, sample: string): void
}

export function createFrame<F extends Fields>(schema: Schema<F>, origin: string, capacity = 1024): FrameBuilder<F> {
  return new ColumnFrame(schema, origin, Math.max(1, capacity))
}

class ColumnFrame<F extends Fields> implements FrameBuilder<F> {
  readonly schema: Schema<F>
  readonly origin: string
  readonly refusals: Refusal[] = []
  length = 0
  private positions: Float64Array
  private readonly columns: readonly Column[]
  private readonly byName = new Map<keyof F, Column>()
  private readonly incoming: Cell[]
  private readonly cursor: { at: number; row: Row<F> }
  private readonly findField: (column: string) => string | undefined
  private readonly checked: Record<string, string | number | null> = {}

  constructor(schema: Schema<F>, origin: string, capacity: number) {
    this.schema = schema
    this.origin = origin
    this.positions = new Float64Array(capacity)
    this.columns = Object.entries(schema.fields).map(([name, field], order) => {
      const column = field.type === 'text' || field.type === 'date' ? new TextColumn() : new NumberColumn()
      const made = { name, field, order, cells: column, states: new Uint8Array(capacity) }
      column.grow(capacity)
      this.byName.set(name, made)
      return made
    })
    this.incoming = this.columns.map(() => absent)
    this.cursor = createCursor(this.columns)
    this.findField = finderOf(schema)
  }

  addCells(names: readonly (string | undefined)[], cells: readonly string[], position: number): void {
    this.incoming.fill(absent)
    for (let i = 0; i < names.length; i++) {
      const name = names[i]
      const column = name === undefined ? undefined : this.byName.get(name)
      if (column === undefined) continue
      const value = readCell(column.field, cells[i] ?? '')
      if (value instanceof Misfit) return this.refuse(position, value.reason, cells.join(','))
      this.incoming[column.order] = value
    }
    const reason = this.add(position)
    if (reason !== undefined) this.refuse(position, reason, cells.join(','))
  }

  addRecord(record: Readonly<Record<string, unknown>>, position: number, sample: () => string): void {
    this.incoming.fill(absent)
    for (const key of Object.keys(record)) {
      if (key === '__proto__') return this.refuse(position, 'the record has a member named __proto__', sample())
      const name = this.findField(key)
      const column = name === undefined ? undefined : this.byName.get(name)
      if (column === undefined) continue
      const value = readMember(column.field, record[key])
      if (value instanceof Misfit) return this.refuse(position, value.reason, sample())
      this.incoming[column.order] = value
    }
    const reason = this.add(position)
    if (reason !== undefined) this.refuse(position, reason, sample())
  }

  refuse(position: number, reason: string, sample: string): void {
    this.refusals.push({ position, reason, sample: sample.slice(0, sampleCharactersMax) })
  }

  positionAt(index: number): number {
    return this.positions[index] ?? -1
  }

  cellAt(name: keyof F, index: number): Cell {
    const column = this.byName.get(name)
    if (column === undefined || index < 0 || index >= this.length) return absent
    return cellOf(column, index)
  }

  rowAt(index: number): Row<F> {
    this.cursor.at = index
    return this.cursor.row
  }

  recordAt(index: number): Record<string, Value> {
    const record: Record<string, Value> = {}
    for (const column of this.columns) {
      const cell = cellOf(column, index)
      if (cell !== absent) record[column.field.column] = toMember(column.field, cell)
    }
    return record
  }

  cellsAt(index: number): string[] {
    return this.columns.map((column) => {
      const cell = cellOf(column, index)
      return cell === absent ? '' : writeCell(column.field, cell)
    })
  }

  /** Takes in what `incoming` holds, or returns why it does not fit. */
  private add(position: number): string | undefined {
    for (const { field, order, name } of this.columns) {
      const cell = this.incoming[order] ?? null
      if (field.required && (cell === null || cell === absent)) {
        return `${field.column} is ${cell === absent ? 'missing' : 'empty'}`
      }
      if (this.schema.check !== undefined) this.checked[name] = cell === absent ? null : cell
    }
    const reason = this.schema.check?.(this.checked)
    if (reason !== undefined) return reason
    if (this.length === this.positions.length) this.grow()
    const at = this.length++
    this.positions[at] = position
    for (const { order, states, cells } of this.columns) {
      const cell = this.incoming[order] ?? null
      states[at] = cell === absent ? ABSENT : cell === null ? EMPTY : PRESENT
      if (cell !== null && cell !== absent) cells.set(at, cell)
    }
    return undefined
  }

  private grow(): void {
    const capacity = this.positions.length * 2
    this.positions = enlarge(this.positions, new Float64Array(capacity))
    for (const column of this.columns) {
      column.cells.grow(capacity)
      column.states = enlarge(column.states, new Uint8Array(capacity))
    }
  }
}

interface Column {
  readonly name: string
  readonly field: Field
  readonly order: number
  readonly cells: NumberColumn | TextColumn
  states: Uint8Array
}

class NumberColumn {
  private values = new Float64Array(0)
  set(at: number, value: string | number): void {
    this.values[at] = Number(value)
  }
  get(at: number): number {
    return this.values[at] ?? 0
  }
  grow(capacity: number): void {
    this.values = enlarge(this.values, new Float64Array(capacity))
  }
}

class TextColumn {
  private codes = new Uint32Array(0)
  private readonly dictionary: string[] = []
  private readonly codeByText = new Map<string, number>()
  set(at: number, value: string | number): void {
    const text = String(value)
    let code = this.codeByText.get(text)
    if (code === undefined) {
      code = this.dictionary.push(text) - 1
      this.codeByText.set(text, code)
    }
    this.codes[at] = code
  }
  get(at: number): string {
    return this.dictionary[this.codes[at] ?? 0] ?? ''
  }
  grow(capacity: number): void {
    this.codes = enlarge(this.codes, new Uint32Array(capacity))
  }
}

function cellOf(column: Column, index: number): Cell {
  const state = column.states[index]
  return state === PRESENT ? column.cells.get(index) : state === EMPTY ? null : absent
}

function enlarge<T extends Float64Array | Uint32Array | Uint8Array>(from: T, into: T): T {
  into.set(from)
  return into
}

function createCursor<F extends Fields>(columns: readonly Column[]): { at: number; row: Row<F> } {
  const cursor = { at: 0, row: Object.create(null) }
  for (const column of columns) {
    Object.defineProperty(cursor.row, column.name, {
      enumerable: true,
      get: () => (column.states[cursor.at] === PRESENT ? column.cells.get(cursor.at) : null),
    })
  }
  return cursor
}

const finders = new WeakMap<Schema, (column: string) => string | undefined>()

function finderOf(schema: Schema): (column: string) => string | undefined {
  const known = finders.get(schema)
  if (known !== undefined) return known
  const made = createColumnFinder(schema)
  finders.set(schema, made)
  return made
}
