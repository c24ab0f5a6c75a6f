import { WindsockError } from '../../../foundation/errors.ts'
import { AbortedTransactions, type AbortedTransaction } from './aborted-transactions.ts'
import { MalformedBytes } from './byte-reader.ts'
import { decompress } from './decompress.ts'
import type { Pieces } from './pieces.ts'
import { checkBatch, isAbortMarker, readBatch, type RecordBatch, recordsAt } from './record-batches.ts'
import type { RecordPacker, RecordWalk } from './record-packer.ts'

/** What the records of one batch may take when they are decompressed. */
export const decompressedBytesMax = 134_217_728

/** Small compressed batches are handed out together up to so many bytes. */
const gatheredBytes = 1_048_576

/** The record batches of one partition, as a broker sent them. */
export interface FetchedBatches {
  /** For errors: `flights/2`. */
  readonly origin: string
  readonly piece: Uint8Array
  readonly start: number
  readonly end: number
  readonly aborted: readonly AbortedTransaction[]
  /** The records wanted: a batch is stored as it was sent, so it may begin before. */
  readonly from: number
  readonly to: number
}

/**
 * Walks over fetched batches and packs their records, a packer full at a time: gives the offset behind what is in the packer.
 * Checksums are compared, control batches and aborted transactions left out. What is in the packer is valid until the walk
 * goes on.
 *
 * @throws WindsockError `records-damaged`
 */
export class BatchWalk {
  private readonly packer: RecordPacker
  private readonly pieces: Pieces
  private scratch: Uint8Array | undefined
  private scratchFilled = 0

  constructor(packer: RecordPacker, pieces: Pieces) {
    this.packer = packer
    this.pieces = pieces
  }

  *walk(fetched: FetchedBatches): Generator<number, void> {
    const { piece, start, end, from, to } = fetched
    const { packer } = this
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const transactions = new AbortedTransactions(fetched.aborted)
    let next = from
    let given = from
    packer.begin(piece)
    try {
      for (let at = start; at < end;) {
        const batch = readBatch(bytes, at, end)
        if (batch === undefined) {
          // The broker may cut the last one, but never the only one.
          if (at === start) throw new MalformedBytes('it is cut off')
          break
        }
        at = batch.end
        if (batch.baseOffset >= to) break
        if (batch.lastOffset >= from && batch.baseOffset < next && next > from) {
          throw new MalformedBytes(`it begins at offset ${batch.baseOffset}, in the batch before`)
        }
        const isAborted = transactions.isAborted(batch, () => isAbortMarker(bytes, batch))
        if (batch.lastOffset < from) continue
        checkBatch(bytes, batch)
        if (!isAborted && !batch.isControl && batch.recordCount > 0) {
          const unpacked = batch.compression === 0 ? undefined : this.unpack(bytes, batch)
          if (this.mustFlush(piece, unpacked)) {
            yield next
            given = next
            packer.begin(piece)
          }
          const walk = unpacked === undefined ? this.walkOver(piece, batch) : this.keep(unpacked, batch)
          packer.add(batch, walk, from, to)
          while (walk.left > 0) {
            next = (packer.offsets[packer.length - 1] ?? next) + 1
            yield next
            given = next
            packer.begin(packer.bytes)
            packer.add(batch, walk, from, to)
          }
        }
        next = Math.min(batch.lastOffset + 1, to)
      }
      if (next > given) yield next
    } catch (error) {
      if (error instanceof MalformedBytes) throw damaged(fetched.origin, next, error)
      throw error
    } finally {
      this.shrink()
    }
  }

  close(): void {
    if (this.scratch !== undefined) this.pieces.giveBack(this.scratch)
    this.scratch = undefined
    this.scratchFilled = 0
  }

  private unpack(bytes: Buffer, batch: RecordBatch): Uint8Array {
    return decompress(batch.compression, bytes.subarray(batch.at + recordsAt, batch.end), decompressedBytesMax)
  }

  /** Whether what is in the packer lies elsewhere than the next records will, or in the way of them. */
  private mustFlush(piece: Uint8Array, unpacked: Uint8Array | undefined): boolean {
    const { packer, scratch, scratchFilled } = this
    if (packer.length === 0) return false
    if (unpacked === undefined) return packer.bytes !== piece
    return packer.bytes !== scratch || scratch === undefined || scratchFilled + unpacked.length > scratch.length
  }

  private walkOver(piece: Uint8Array, { at, end, recordCount }: RecordBatch): RecordWalk {
    if (this.packer.length === 0) this.packer.begin(piece)
    return { at: at + recordsAt, end, left: recordCount, delta: -1 }
  }

  /** Puts unpacked records behind those that are still in the packer. */
  private keep(unpacked: Uint8Array, batch: RecordBatch): RecordWalk {
    if (this.packer.length === 0) this.scratchFilled = 0
    if (this.scratch === undefined || this.scratch.length < this.scratchFilled + unpacked.length) {
      this.close()
      this.scratch = this.pieces.take(Math.max(unpacked.length, gatheredBytes))
    }
    const at = this.scratchFilled
    this.scratch.set(unpacked, at)
    this.scratchFilled += unpacked.length
    if (this.packer.length === 0) this.packer.begin(this.scratch)
    return { at, end: this.scratchFilled, left: batch.recordCount, delta: -1 }
  }

  /** A batch that needed much is no reason to hold so much for good. */
  private shrink(): void {
    if (this.scratch !== undefined && this.scratch.length > 4 * gatheredBytes) this.close()
  }
}

function damaged(origin: string, offset: number, { message }: MalformedBytes): WindsockError {
  return new WindsockError(
    'records-damaged',
    `${origin}: the record batch at offset ${offset} is damaged: ${message}`,
    {
      hint: "Look at the broker's disk with kafka-dump-log, or start behind that batch",
    },
  )
}
