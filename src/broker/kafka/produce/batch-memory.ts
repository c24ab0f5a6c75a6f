import { publishMemoryBytesMax } from '../../../foundation/limits.ts'

/** Pieces are 4 KiB, 16 KiB, … 1 MiB, which holds the largest batch of several records; larger ones are made as asked. */
const smallestBytes = 4_096
const largestBytes = 1_048_576

/** What may lie unused, waiting to be used again. */
const keptBytesMax = 16_777_216

/** Memory for record batches, used again and again, and counted for all publishers of one broker object. */
export class BatchMemory {
  private readonly kept = new Map<number, Buffer[]>()
  private keptBytes = 0
  private takenBytes = 0

  /** Whether so much is in use that a publisher that has a batch under way waits for it. */
  get isScarce(): boolean {
    return this.takenBytes >= publishMemoryBytesMax
  }

  /** A piece of at least so many bytes, with whatever was in it before. */
  take(bytes: number): Buffer {
    const size = sizeFor(bytes)
    const known = this.kept.get(size)?.pop()
    if (known !== undefined) this.keptBytes -= size
    this.takenBytes += size
    return known ?? Buffer.allocUnsafeSlow(size)
  }

  giveBack(piece: Buffer): void {
    const size = piece.length
    this.takenBytes -= size
    if (size > largestBytes || this.keptBytes + size > keptBytesMax) return
    this.keptBytes += size
    const alike = this.kept.get(size)
    if (alike === undefined) this.kept.set(size, [piece])
    else alike.push(piece)
  }
}

function sizeFor(bytes: number): number {
  if (bytes > largestBytes) return bytes
  let size = smallestBytes
  while (size < bytes) size *= 4
  return size
}
