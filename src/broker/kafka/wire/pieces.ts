import type { RecordMemory } from '../../../model/packed-records.ts'

const smallestPiece = 65_536

/**
 * The memory that responses are put into: the codec's where it gives some, else buffers of our own. A buffer is made as large as
 * is needed and used again; one that is larger than `keptBytesMax` is given up at once.
 */
export class Pieces {
  private readonly memory: RecordMemory | undefined
  private readonly keptBytesMax: number
  private readonly borrowed = new Set<Uint8Array>()
  /** The smallest first. There are never more than were in use at a time. */
  private free: Buffer[] = []

  constructor(memory: RecordMemory | undefined, keptBytesMax: number) {
    this.memory = memory
    this.keptBytesMax = keptBytesMax
  }

  /** A piece of at least so many bytes. */
  take(bytes: number): Uint8Array {
    const borrowed = this.memory?.take(bytes)
    if (borrowed !== undefined) {
      this.borrowed.add(borrowed)
      return borrowed
    }
    const index = this.free.findIndex((piece) => piece.length >= bytes)
    const found = index < 0 ? undefined : this.free.splice(index, 1)[0]
    if (found !== undefined) return found
    if (bytes > this.keptBytesMax) return Buffer.allocUnsafeSlow(bytes)
    // A larger one takes the place of a smaller one.
    this.free.pop()
    return Buffer.allocUnsafeSlow(sizeFor(bytes, this.keptBytesMax))
  }

  giveBack(piece: Uint8Array): void {
    if (this.borrowed.delete(piece)) this.memory?.giveBack(piece)
    else if (piece instanceof Buffer && piece.length <= this.keptBytesMax) {
      this.free = [...this.free, piece].toSorted((a, b) => a.length - b.length)
    }
  }
}

function sizeFor(bytes: number, max: number): number {
  let size = smallestPiece
  while (size < bytes) size *= 2
  return Math.max(bytes, Math.min(size, max))
}
