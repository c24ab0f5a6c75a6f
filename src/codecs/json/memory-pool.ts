import type { RecordMemory } from '../../model/packed-records.ts'

/** Pieces begin on such a boundary, as pages of memory do: what is given back is used again before new pages are touched. */
const grainBytes = 4_096

/** Behind a piece so many bytes belong to nobody: whoever reads sixteen at a time reads into no other piece. */
const marginBytes = 64

interface Gap {
  from: number
  to: number
}

/** Pieces of one memory, the lowest gap that is large enough first. */
export class MemoryPool implements RecordMemory {
  private readonly buffer: ArrayBuffer
  /** In order, and none touches the next. */
  private readonly gaps: Gap[]
  private readonly taken = new Map<number, number>()

  constructor(buffer: ArrayBuffer, from: number, to: number) {
    this.buffer = buffer
    this.gaps = [{ from: Math.ceil(from / grainBytes) * grainBytes, to }]
  }

  take(bytes: number): Uint8Array | undefined {
    const size = Math.ceil((bytes + marginBytes) / grainBytes) * grainBytes
    const index = this.gaps.findIndex(({ from, to }) => to - from >= size)
    const gap = this.gaps[index]
    if (gap === undefined) return undefined
    const at = gap.from
    gap.from += size
    if (gap.from === gap.to) this.gaps.splice(index, 1)
    this.taken.set(at, size)
    return new Uint8Array(this.buffer, at, bytes)
  }

  giveBack(piece: Uint8Array): void {
    const from = piece.byteOffset
    const size = piece.buffer === this.buffer ? this.taken.get(from) : undefined
    if (size === undefined) throw new RangeError('this piece of memory was not taken here, or was given back before')
    this.taken.delete(from)
    const after = this.gaps.findIndex((gap) => gap.from > from)
    const index = after < 0 ? this.gaps.length : after
    this.gaps.splice(index, 0, { from, to: from + size })
    this.join(index)
    this.join(index - 1)
  }

  /** Makes one gap of this one and the next if they touch. */
  private join(index: number): void {
    const gap = this.gaps[index]
    const next = this.gaps[index + 1]
    if (gap === undefined || next === undefined || gap.to !== next.from) return
    gap.to = next.to
    this.gaps.splice(index + 1, 1)
  }
}
