import { absent, type Column } from './column.ts'
import type { Fields, Row, Schema } from './schema.ts'
import type { Value } from './value.ts'

/** A row that moves over columns, so that reading a frame makes no object per row. */
export interface Cursor<F extends Fields> {
  /** The cursor's one row, now showing `index`: null for an empty cell and for an absent column. */
  moveTo(index: number): Row<F>
}

const position = Symbol('position')
const source = Symbol('source')

interface Placed {
  [position]: number
  readonly [source]: readonly Column[]
}

/** @param columns in the order of the schema's fields */
export function createCursor<F extends Fields>(schema: Schema<F>, columns: readonly Column[]): Cursor<F> {
  const row: Row<F> & Placed = Object.create(Object.prototype, {
    [position]: { value: 0, writable: true },
    [source]: { value: columns },
  })
  Object.defineProperties(row, accessorsOf(schema))
  return {
    moveTo(index) {
      row[position] = index
      return row
    },
  }
}

// The same accessor functions for every cursor of a schema: all of its rows have one shape for the JIT compiler.
const accessors = new WeakMap<Schema, PropertyDescriptorMap>()

function accessorsOf(schema: Schema): PropertyDescriptorMap {
  const known = accessors.get(schema)
  if (known !== undefined) return known
  const made: PropertyDescriptorMap = {}
  Object.keys(schema.fields).forEach((name, order) => {
    made[name] = {
      enumerable: true,
      get(this: Placed): Value {
        const cell = this[source][order]?.cellAt(this[position]) ?? null
        return cell === absent ? null : cell
      },
    }
  })
  accessors.set(schema, made)
  return made
}
