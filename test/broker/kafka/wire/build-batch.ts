import { crc32c } from '@node-rs/crc32'

/** A record to be put into a batch by hand. */
export interface BuiltRecord {
  readonly key: string | null
  readonly value: string | null
  readonly headers?: readonly (readonly [string, string])[]
  /** Counted from the batch's first offset; left out, one behind the record before. */
  readonly delta?: number
  readonly timestampDelta?: number
}

export interface BuiltBatch {
  readonly baseOffset: number
  readonly records: readonly BuiltRecord[]
  readonly lastDelta?: number
  readonly baseTimestamp?: number
  readonly attributes?: number
  readonly producer?: bigint
  /** Packs the records as `attributes` say. */
  readonly compress?: (records: Buffer) => Uint8Array
}

export const transactional = 0x10
export const control = 0x20
export const appendTime = 0x08

/** A record batch as the protocol has it, written without any code of ours. */
export function buildBatch(batch: BuiltBatch): Buffer {
  const { baseOffset, records, baseTimestamp = 1_000, attributes = 0, producer = -1n } = batch
  const encoded = Buffer.concat(records.map((record, i) => encodeRecord({ delta: i, ...record })))
  const body = batch.compress?.(encoded) ?? encoded
  const bytes = Buffer.alloc(61 + body.length)
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(49 + body.length, 8)
  bytes.writeInt32BE(3, 12)
  bytes[16] = 2
  bytes.writeInt16BE(attributes, 21)
  bytes.writeInt32BE(batch.lastDelta ?? records.length - 1, 23)
  bytes.writeBigInt64BE(BigInt(baseTimestamp), 27)
  bytes.writeBigInt64BE(BigInt(baseTimestamp + 500), 35)
  bytes.writeBigInt64BE(producer, 43)
  bytes.writeInt32BE(records.length, 57)
  bytes.set(body, 61)
  return sealed(bytes)
}

/** With the checksum that belongs to its bytes. */
export function sealed(batch: Buffer): Buffer {
  batch.writeUInt32BE(crc32c(batch.subarray(21)), 17)
  return batch
}

/** The marker that ends a producer's transaction. */
export function buildMarker(baseOffset: number, producer: bigint, kind: 'abort' | 'commit'): Buffer {
  const key = kind === 'abort' ? '\0\0\0\0' : '\0\0\0\x01'
  return buildBatch({
    baseOffset,
    producer,
    attributes: transactional | control,
    records: [{ key, value: '\0\0\0\0\0\x01' }],
  })
}

function encodeRecord({ key, value, headers = [], delta = 0, timestampDelta = delta }: BuiltRecord): Buffer {
  const body = Buffer.concat([
    Buffer.of(0),
    varint(timestampDelta),
    varint(delta),
    field(key),
    field(value),
    varint(headers.length),
    ...headers.flatMap(([name, text]) => [field(name), field(text)]),
  ])
  return Buffer.concat([varint(body.length), body])
}

function field(text: string | null): Buffer {
  if (text === null) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  let left = BigInt(value) >= 0n ? BigInt(value) * 2n : -BigInt(value) * 2n - 1n
  const bytes: number[] = []
  for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
  bytes.push(Number(left))
  return Buffer.from(bytes)
}
