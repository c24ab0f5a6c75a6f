import { absent, type Frame, type FrameBuilder } from './frame.ts'
import type { Field, Fields, Schema } from './schema.ts'
import { toMember, writeJson } from './value.ts'

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
  const message = parseMessage(text)
  if (typeof message === 'string') return frame.refuse(position, message, text ?? '')
  for (let index = 0; index < message.records.length; index++) addMessageRecord(frame, message, index, position)
}

/** A message's records as `JSON.parse` gave them: not yet judged. */
export interface ParsedMessage {
  readonly text: string
  readonly records: readonly unknown[]
  readonly isArray: boolean
}

/** The message, or why there is none. */
export function parseMessage(text: string | undefined): ParsedMessage | string {
  if (text === undefined) return 'the message has no value or is not valid UTF-8'
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch {
    return 'not JSON'
  }
  return Array.isArray(parsed) ? { text, records: parsed, isArray: true } : { text, records: [parsed], isArray: false }
}

/** Adds record `index` of a message to `frame`, or refuses it there. */
export function addMessageRecord<F extends Fields>(
  frame: FrameBuilder<F>,
  { text, records, isArray }: ParsedMessage,
  index: number,
  position: number,
): void {
  const record = records[index]
  const sample = (): string => (isArray ? writeJson(record) : text)
  if (isRecord(record)) frame.addRecord(record, position, sample)
  else frame.refuse(position, 'not a JSON object or an array of them', sample())
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The text of a message's bytes; undefined when there are none, or they are not valid UTF-8. */
export function textOfMessage(bytes: Uint8Array | null): string | undefined {
  if (bytes === null) return undefined
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const plain = /^[ !#-[\]-\u007e]*$/

/** JSON text of a string; the plain ones, nearly all, skip the escaper. */
function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text)
}
