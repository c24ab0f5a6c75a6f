import { absent, type Frame, type FrameBuilder } from './frame.ts'
import type { Field, Fields, Schema } from './schema.ts'
import { toMember } from './value.ts'

/**
 * The wire's form of a record: a JSON object of its column names plus `ts`, the time of sending in seconds since the
 * epoch. Numbers are JSON numbers, times of day text, an empty cell null; an absent column is left out.
 *
 * @param ts seconds since the epoch
 */
export function encodeRow<F extends Fields>(frame: Frame<F>, index: number, ts: number): string {
  const all = membersOf(frame.schema)
  let json = '{'
  for (let order = 0; order < all.length; order++) {
    const member = all[order]
    const cell = frame.cellOf(order, index)
    if (member === undefined || cell === absent) continue
    const value = toMember(member.field, cell)
    json += member.start + (typeof value === 'string' ? quote(value) : String(value)) + ','
  }
  return `${json}"ts":${ts}}`
}

interface Member {
  readonly field: Field
  /** The member's name as JSON, and the colon. */
  readonly start: string
}

const members = new WeakMap<Schema, readonly Member[]>()

function membersOf(schema: Schema): readonly Member[] {
  const known = members.get(schema)
  if (known !== undefined) return known
  const made = Object.values(schema.fields).map((field) => ({
    field,
    start: `${JSON.stringify(field.column)}:`,
  }))
  members.set(schema, made)
  return made
}

/**
 * Reads a message into `frame`: one record, or a JSON array of records as many simple producers send. What does not fit
 * is refused there with its reason; nothing throws.
 *
 * @param position the message's offset; every record of an array has the offset of its message
 */
export function decodeMessage<F extends Fields>(
  frame: FrameBuilder<F>,
  text: string | undefined,
  position: number,
): void {
  if (text === undefined) return frame.refuse(position, 'the message has no value or is not valid UTF-8', '')
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch {
    return frame.refuse(position, 'not JSON', text)
  }
  if (!Array.isArray(message)) return addRecord(frame, message, position, text)
  message.forEach((record, index) => addRecord(frame, record, position, text, index))
}

function addRecord<F extends Fields>(
  frame: FrameBuilder<F>,
  record: unknown,
  position: number,
  text: string,
  index?: number,
): void {
  const sample = (): string => (index === undefined ? text : JSON.stringify(record))
  if (isRecord(record)) frame.addRecord(record, position, sample)
  else frame.refuse(position, 'not a JSON object or an array of them', sample())
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const plain = /^[ !#-[\]-\u007e]*$/

/** JSON text of a string; the plain ones, nearly all, skip the escaper. */
function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}
