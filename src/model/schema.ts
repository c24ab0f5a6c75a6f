/**
 * A schema says what a record is: its fields with their types, units and the names they have on the wire and in files.
 * One declaration drives reading CSV, reading and writing JSON, validation, the type of a row and a chart's axis.
 */

/**
 * - `text`: any text
 * - `number`: a finite double
 * - `integer`: a whole number, exact to 2^53
 * - `hhmm`: a local time of day as four digits; `0000` to `2359`, and `2400`, the end of a day, which is not `0000`
 * - `date`: a day (`2015-01-31`) or a moment (`2015-01-31T09:30:00-05:00`) as ISO 8601 text
 */
export type FieldType = 'text' | 'number' | 'integer' | 'hhmm' | 'date'

export interface Field<T extends FieldType = FieldType, Required extends boolean = boolean> {
  readonly type: T
  /** The name on the wire and in the file this schema comes from. */
  readonly column: string
  /** A row without a value here does not fit the schema. */
  readonly required: Required
  /** Other names of the same column in other files. Spaces, underscores and case make no difference to any name. */
  readonly aliases: readonly string[]
  readonly unit?: string
  readonly min?: number
  readonly max?: number
}

export type Fields = Readonly<Record<string, Field>>

export interface Schema<F extends Fields = Fields> {
  readonly name: string
  readonly fields: F
  /** What one field alone cannot tell, such as 31 June. */
  readonly check?: RowCheck
}

/** Runs on every row where all the fields that it reads are read; where only some of them are, it does not run. */
export interface RowCheck {
  /** Names of the schema's fields. */
  readonly reads: readonly string[]
  /** The reason why the row does not fit. It depends on the fields of `reads` alone. */
  readonly reasonAgainst: (row: CheckedRow) => string | undefined
}

/** What a check sees: values by field name, null where a cell is empty or absent. */
export type CheckedRow = Readonly<Record<string, string | number | null>>

/** The TypeScript value of a field: times of day as numbers (905 is 09:05), dates as ISO text. */
export type ValueOf<F extends Field> =
  F extends Field<infer T, infer R>
    ? (T extends 'text' | 'date' ? string : number) | (R extends true ? never : null)
    : never

/** A row reduced to the fields `K`. */
export type Row<F extends Fields, K extends keyof F = keyof F> = { readonly [N in K]: ValueOf<F[N]> }

type FieldOptions = { aliases?: readonly string[]; unit?: string; min?: number; max?: number }

/** A field that may be empty or absent. */
export function optional<T extends FieldType>(type: T, column: string, options: FieldOptions = {}): Field<T, false> {
  return { aliases: [], ...options, type, column, required: false }
}

/** A field that every row must have. */
export function required<T extends FieldType>(type: T, column: string, options: FieldOptions = {}): Field<T, true> {
  return { aliases: [], ...options, type, column, required: true }
}

/** The form in which column names are compared: `Adj Close`, `Adj_Close` and `adj close` are one column. */
export function normalColumn(name: string): string {
  return name
    .trim()
    .replace(/[\s_]+/g, '_')
    .toLowerCase()
}

/** Finds the field that a column of a file or message belongs to, or undefined for a column that nobody declared. */
export function createColumnFinder(schema: Schema): (column: string) => string | undefined {
  const byColumn = new Map<string, string>()
  for (const [name, field] of Object.entries(schema.fields)) {
    for (const column of [field.column, ...field.aliases]) byColumn.set(normalColumn(column), name)
  }
  const seen = new Map<string, string | undefined>()
  return (column) => {
    if (seen.has(column)) return seen.get(column)
    const name = byColumn.get(normalColumn(column))
    if (seen.size < 1_000) seen.set(column, name)
    return name
  }
}
