import type { Field, FieldType } from './schema.ts'
import type { Value } from './value.ts'

/** A cell's three states: a value, an empty cell, and a column that the record did not have at all. */
const PRESENT = 0
const EMPTY = 1
const ABSENT = 2

/** Marks a cell whose column the record did not have. */
export const absent = Symbol('absent')
export type Cell = Value | typeof absent

/** A column as it lies in memory, for whoever goes through it without a call for each cell. Longer than the frame. */
export type Cells = NumberCells | TextCells

export interface NumberCells {
  readonly kind: 'number'
  /** By row: 0 is a value, 1 an empty cell, 2 an absent one. */
  readonly states: Uint8Array
  readonly values: Float64Array
}

export interface TextCells {
  readonly kind: 'text'
  readonly states: Uint8Array
  /** By row, the place of its text in `texts`. */
  readonly codes: Uint32Array
  /** The dictionary. It only grows while it is the same array; a new array is a new dictionary. */
  readonly texts: readonly string[]
}

/** Gives columns the arrays that they lie in, zeros at first. */
export interface ColumnArrays {
  bytes(length: number): Uint8Array
  codes(length: number): Uint32Array
  doubles(length: number): Float64Array
}

const ownArrays: ColumnArrays = {
  bytes: (length) => new Uint8Array(length),
  codes: (length) => new Uint32Array(length),
  doubles: (length) => new Float64Array(length),
}

/** The cells of one field in a frame: numbers as doubles, text by dictionary, one byte of state each. */
export interface Column {
  readonly field: Field
  /** Changes when the column grows. */
  readonly cells: Cells
  set(index: number, cell: Cell): void
  cellAt(index: number): Cell
  grow(capacity: number): void
}

export function createColumn(
  field: Field,
  capacity: number,
  arrays: ColumnArrays = ownArrays,
): NumberColumn | TextColumn {
  return isText(field.type) ? new TextColumn(field, capacity, arrays) : new NumberColumn(field, capacity, arrays)
}

function isText(type: FieldType): boolean {
  return type === 'text' || type === 'date'
}

export class NumberColumn implements Column {
  readonly field: Field
  private readonly arrays: ColumnArrays
  private states: Uint8Array
  private values: Float64Array

  constructor(field: Field, capacity: number, arrays: ColumnArrays) {
    this.field = field
    this.arrays = arrays
    this.states = arrays.bytes(capacity)
    this.values = arrays.doubles(capacity)
  }

  get cells(): NumberCells {
    return { kind: 'number', states: this.states, values: this.values }
  }

  set(index: number, cell: Cell): void {
    if (typeof cell === 'number') {
      this.states[index] = PRESENT
      this.values[index] = cell
    } else this.states[index] = cell === null ? EMPTY : ABSENT
  }

  cellAt(index: number): Cell {
    const state = this.states[index]
    return state === PRESENT ? (this.values[index] ?? null) : state === EMPTY ? null : absent
  }

  grow(capacity: number): void {
    this.states = enlarge(this.states, this.arrays.bytes(capacity))
    this.values = enlarge(this.values, this.arrays.doubles(capacity))
  }
}

export class TextColumn implements Column {
  readonly field: Field
  private readonly arrays: ColumnArrays
  private states: Uint8Array
  private codes: Uint32Array
  private dictionary: string[] = []
  private codeByText = new Map<string, number>()
  /** UTF-16 units of all texts. */
  private dictionaryUnits = 0

  constructor(field: Field, capacity: number, arrays: ColumnArrays) {
    this.field = field
    this.arrays = arrays
    this.states = arrays.bytes(capacity)
    this.codes = arrays.codes(capacity)
  }

  get cells(): TextCells {
    return { kind: 'text', states: this.states, codes: this.codes, texts: this.dictionary }
  }

  set(index: number, cell: Cell): void {
    if (typeof cell === 'string') {
      this.states[index] = PRESENT
      this.codes[index] = this.codeOf(cell)
    } else this.states[index] = cell === null ? EMPTY : ABSENT
  }

  cellAt(index: number): Cell {
    const state = this.states[index]
    return state === PRESENT ? (this.dictionary[this.codes[index] ?? 0] ?? null) : state === EMPTY ? null : absent
  }

  grow(capacity: number): void {
    this.states = enlarge(this.states, this.arrays.bytes(capacity))
    this.codes = enlarge(this.codes, this.arrays.codes(capacity))
  }

  /** Puts in the text that has this place in the dictionary. */
  setCode(index: number, code: number): void {
    this.states[index] = PRESENT
    this.codes[index] = code
  }

  /** What the dictionary takes in memory, roughly: the engine does not tell. */
  get dictionaryBytes(): number {
    return this.dictionaryUnits * 2 + this.dictionary.length * 64
  }

  has(text: string): boolean {
    return this.codeByText.has(text)
  }

  /** Begins a new dictionary; the cells that there are mean nothing any more. */
  startAnew(): void {
    this.dictionary = []
    this.codeByText = new Map()
    this.dictionaryUnits = 0
  }

  /** The place of a text in the dictionary, where it is put if it was not there. */
  codeOf(text: string): number {
    const known = this.codeByText.get(text)
    if (known !== undefined) return known
    const code = this.dictionary.push(text) - 1
    this.codeByText.set(text, code)
    this.dictionaryUnits += text.length
    return code
  }
}

function enlarge<T extends Float64Array | Uint32Array | Uint8Array>(from: T, into: T): T {
  into.set(from)
  return into
}
