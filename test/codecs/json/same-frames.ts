import assert from 'node:assert/strict'
import type { Decoder } from '../../../src/codecs/codec.ts'
import { createFrame, type Cell, type Frame, type Refusal } from '../../../src/model/frame.ts'
import { decodeMessage, textOfMessage } from '../../../src/model/message.ts'
import type { PackedRecords } from '../../../src/model/packed-records.ts'
import type { Fields, Schema } from '../../../src/model/schema.ts'

/** All rows and refusals of a decoder's frames, or of one frame. */
export interface Decoded {
  readonly rows: readonly (readonly Cell[])[]
  readonly positions: readonly number[]
  readonly refusals: readonly Refusal[]
}

export function decodeAll<F extends Fields>(decoder: Decoder<F>, records: PackedRecords): Decoded {
  const frames: Decoded[] = []
  for (const frame of decoder.decode(records, 'flights/2')) {
    assert.equal(frame.origin, 'flights/2')
    assert.ok(frame.length + frame.refusals.length > 0, 'an empty frame is handed out')
    frames.push(contentOf(frame))
  }
  return {
    rows: frames.flatMap(({ rows }) => rows),
    positions: frames.flatMap(({ positions }) => positions),
    refusals: frames.flatMap(({ refusals }) => refusals),
  }
}

/** What `decodeMessage` makes of them. */
export function decodeByParsing<F extends Fields>(
  schema: Schema<F>,
  reads: readonly (keyof F & string)[],
  { length, bytes, offsets, spans }: PackedRecords,
): Decoded {
  const frame = createFrame(schema, 'flights/2', length, reads)
  for (let i = 0; i < length; i++) {
    const from = spans[4 * i + 2] ?? -1
    const value = from < 0 ? null : bytes.subarray(from, spans[4 * i + 3])
    decodeMessage(frame, textOfMessage(value), offsets[i] ?? -1)
  }
  return contentOf(frame)
}

function contentOf<F extends Fields>(frame: Frame<F>): Decoded {
  const names = Object.keys(frame.schema.fields)
  const indexes = Array.from({ length: frame.length }, (_, index) => index)
  return {
    rows: indexes.map((index) => names.map((_, order) => frame.cellOf(order, index))),
    positions: indexes.map((index) => frame.positionAt(index)),
    refusals: [...frame.refusals],
  }
}

/** Where the two differ, or undefined: quicker than a deep comparison when they are the same. */
export function findDifference(actual: Decoded, expected: Decoded): string | undefined {
  for (const [index, row] of expected.rows.entries()) {
    const other = actual.rows[index]
    const order = row.findIndex((cell, i) => !Object.is(cell, other?.[i]))
    if (order >= 0) return `row ${index}, cell ${order}: ${String(other?.[order])} instead of ${String(row[order])}`
    if (actual.positions[index] !== expected.positions[index]) return `row ${index} is at ${actual.positions[index]}`
  }
  if (actual.rows.length !== expected.rows.length) return `${actual.rows.length} rows, not ${expected.rows.length}`
  const [refused, wanted] = [JSON.stringify(actual.refusals), JSON.stringify(expected.refusals)]
  return refused === wanted ? undefined : `refused ${refused} instead of ${wanted}`
}
