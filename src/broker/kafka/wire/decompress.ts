import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import { compressionsAlgorithms } from '@platformatic/kafka'
import { MalformedBytes } from './byte-reader.ts'

/** Kafka's numbers of the compressions. */
const algorithms = new Map<number, (packed: Buffer, bytesMax: number) => Uint8Array>([
  [1, (packed, bytesMax) => gunzipSync(packed, { maxOutputLength: bytesMax })],
  [2, unpackSnappy],
  [3, unpackLz4],
  [4, (packed, bytesMax) => zstdDecompressSync(packed, { maxOutputLength: bytesMax })],
])

/**
 * The records of a batch as they were before they were compressed, in memory of their own.
 *
 * @param compression Kafka's number of it
 * @param bytesMax what they may take: a few bytes can stand for as much as one likes
 * @throws MalformedBytes
 */
export function decompress(compression: number, packed: Buffer, bytesMax: number): Uint8Array {
  const unpack = algorithms.get(compression)
  if (unpack === undefined) throw new MalformedBytes(`it is compressed by an unknown method, ${compression}`)
  try {
    return unpack(packed, bytesMax)
  } catch (error) {
    if (error instanceof MalformedBytes) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new MalformedBytes(`its compressed records cannot be read (${reason})`)
  }
}

/*
  Snappy as Java's clients frame it: a head of 16 bytes (8 of magic, two versions), then blocks, each behind its length as INT32.
  A block alone, without a frame, is what librdkafka sends. A block begins with its length unpacked, as an unsigned varint.
*/
const snappyMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00])
const snappyHead = 16

function unpackSnappy(packed: Buffer, bytesMax: number): Uint8Array {
  const blocks = packed.subarray(0, snappyMagic.length).equals(snappyMagic) ? snappyBlocks(packed) : [packed]
  checkSize(
    blocks.reduce((sum, block) => sum + snappySize(block), 0),
    bytesMax,
  )
  const unpacked = blocks.map((block) => compressionsAlgorithms.snappy.decompressSync(block))
  return unpacked.length === 1 && unpacked[0] !== undefined ? unpacked[0] : Buffer.concat(unpacked)
}

function snappyBlocks(packed: Buffer): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = snappyHead; at < packed.length;) {
    const length = packed.readUInt32BE(at)
    const block = packed.subarray(at + 4, at + 4 + length)
    if (block.length < length) throw new MalformedBytes('its snappy block is cut off')
    blocks.push(block)
    at += 4 + length
  }
  return blocks
}

function snappySize(block: Buffer): number {
  let size = 0
  for (let i = 0; i < 5; i++) {
    const byte = block[i] ?? 128
    size += (byte & 127) * 2 ** (7 * i)
    if (byte < 128) return size
  }
  throw new MalformedBytes('its snappy block does not say its length')
}

/*
  LZ4 frame: magic (4), flags, block descriptor, [content size (8)], [dictionary id (4)], header checksum; then blocks, each
  behind its length as UINT32LE (top bit: stored as it is), [checksum (4)]; a length of 0 ends them, [content checksum (4)].
*/
const lz4Magic = 0x184d2204

function unpackLz4(packed: Buffer, bytesMax: number): Uint8Array {
  checkSize(lz4SizeMax(packed), bytesMax)
  return compressionsAlgorithms.lz4.decompressSync(packed)
}

/** At most so many bytes come out of a frame: no block is larger than the descriptor says. */
function lz4SizeMax(packed: Buffer): number {
  if (packed.length < 7 || packed.readUInt32LE(0) !== lz4Magic) throw new MalformedBytes('it is no LZ4 frame')
  const flags = packed[4] ?? 0
  const blockMax = 2 ** (8 + 2 * (((packed[5] ?? 0) >> 4) & 7))
  let at = 7 + ((flags & 0x08) === 0 ? 0 : 8) + ((flags & 0x01) === 0 ? 0 : 4)
  let size = 0
  for (;;) {
    if (at + 4 > packed.length) throw new MalformedBytes('its LZ4 frame is cut off')
    const length = packed.readUInt32LE(at)
    if (length === 0) return size
    // A block of n bytes holds no more than 255 n.
    size += Math.min(blockMax, 255 * (length & 0x7fffffff))
    at += 4 + (length & 0x7fffffff) + ((flags & 0x10) === 0 ? 0 : 4)
  }
}

function checkSize(size: number, bytesMax: number): void {
  if (size > bytesMax) throw new MalformedBytes(`its records would take ${size} bytes, more than ${bytesMax}`)
}
