import type { Cells, TextCells } from '../model/column.ts'
import type { Frame } from '../model/frame.ts'
import type { Value } from '../model/value.ts'

/**
 * Gives every key a small whole number, its slot, in the order in which keys come: 0, 1, 2, … A key is the values of some
 * columns. Text is compared by a code of its own and numbers as doubles, column by column for a whole frame, so finding
 * the slots makes no object.
 */
export class KeyIndex {
  private readonly columns: readonly string[]
  /** By column, the parts of all keys by slot: numbers as they are, codes of text, NaN for an empty cell. */
  private parts: Float64Array[]
  /** By slot, the hash of its key. */
  private hashes = new Int32Array(1 << 9)
  private readonly texts: string[] = []
  private readonly codeByText = new Map<string, number>()
  /** By column, the codes of a frame's dictionary, as far as they are known. */
  private readonly dictionaries: { texts: readonly string[]; codes: number[] }[]
  /** Open addressing, slot + 1 or 0; a power of two, at most half full. */
  private table = new Uint32Array(1 << 10)
  private count = 0
  /** By column, the parts of the keys that are looked for; by row, their hashes and what was found. */
  private wanted: Float64Array[]
  private wantedHashes = new Int32Array(1)
  private found = new Uint32Array(1)

  constructor(columns: readonly string[]) {
    this.columns = columns
    this.parts = columns.map(() => new Float64Array(1 << 9))
    this.wanted = columns.map(() => new Float64Array(1))
    this.dictionaries = columns.map(() => ({ texts: [], codes: [] }))
  }

  /** How many keys there are. */
  get size(): number {
    return this.count
  }

  /** By row of the frame, its slot; new keys get new ones. The array is used again by the next call. */
  slotsOf(frame: Frame): Uint32Array {
    const { length } = frame
    if (this.found.length < length) {
      this.wanted = this.columns.map(() => new Float64Array(length))
      this.wantedHashes = new Int32Array(length)
      this.found = new Uint32Array(length)
    }
    this.columns.forEach((name, column) => this.readParts(frame.cellsOf(name), column, length))
    return this.findAll(length)
  }

  /** The slot of a key that is given by its values. */
  slotOf(values: readonly Value[]): number {
    values.forEach((value, column) => {
      const parts = this.wanted[column]
      if (parts !== undefined) parts[0] = typeof value === 'string' ? this.codeOf(value) : normal(value ?? NaN)
    })
    return this.findAll(1)[0] ?? 0
  }

  /** The value of a key in one of its columns. */
  valueAt(column: number, slot: number, isText: boolean): Value {
    const part = this.parts[column]?.[slot] ?? NaN
    if (Number.isNaN(part)) return null
    return isText ? (this.texts[part] ?? null) : part
  }

  private findAll(length: number): Uint32Array {
    this.wantedHashes.fill(0, 0, length)
    for (const parts of this.wanted) mixIn(this.wantedHashes, parts, length)
    for (let row = 0; row < length; row++) this.found[row] = this.find(row, finished(this.wantedHashes[row] ?? 0))
    return this.found
  }

  private find(row: number, hash: number): number {
    const mask = this.table.length - 1
    for (let place = hash & mask; ; place = (place + 1) & mask) {
      const slot = (this.table[place] ?? 0) - 1
      if (slot < 0) return this.add(row, hash, place)
      if (this.hashes[slot] === hash && this.isAt(slot, row)) return slot
    }
  }

  private isAt(slot: number, row: number): boolean {
    for (let column = 0; column < this.parts.length; column++) {
      const mine = this.wanted[column]?.[row] ?? NaN
      const other = this.parts[column]?.[slot] ?? NaN
      // An empty cell is NaN, which equals nothing.
      if (mine !== other && (mine === mine || other === other)) return false
    }
    return true
  }

  private add(row: number, hash: number, place: number): number {
    const slot = this.count++
    if (slot === this.hashes.length) {
      this.parts = this.parts.map((part) => enlarge(part, new Float64Array(2 * slot)))
      this.hashes = enlarge(this.hashes, new Int32Array(2 * slot))
    }
    for (const [column, parts] of this.parts.entries()) parts[slot] = this.wanted[column]?.[row] ?? NaN
    this.hashes[slot] = hash
    this.table[place] = slot + 1
    if (this.count * 2 > this.table.length) this.rehash()
    return slot
  }

  private rehash(): void {
    const table = new Uint32Array(this.table.length * 2)
    for (let slot = 0; slot < this.count; slot++) {
      let place = (this.hashes[slot] ?? 0) & (table.length - 1)
      while (table[place] !== 0) place = (place + 1) & (table.length - 1)
      table[place] = slot + 1
    }
    this.table = table
  }

  private readParts(cells: Cells, column: number, length: number): void {
    const parts = this.wanted[column]
    if (parts === undefined) return
    if (cells.kind === 'text') return this.readCodes(cells, this.codesOf(cells, column), parts, length)
    const { states, values } = cells
    for (let row = 0; row < length; row++) parts[row] = states[row] === 0 ? normal(values[row] ?? NaN) : NaN
  }

  private readCodes({ states, codes, texts }: TextCells, known: number[], parts: Float64Array, length: number): void {
    for (let row = 0; row < length; row++) {
      const local = codes[row] ?? 0
      let code = NaN
      if (states[row] === 0) {
        code = known[local] ?? -1
        if (code < 0) known[local] = code = this.codeOf(texts[local] ?? '')
      }
      parts[row] = code
    }
  }

  /** The codes of a frame's dictionary here; -1 where none of its rows has asked yet. */
  private codesOf({ texts }: TextCells, column: number): number[] {
    const known = this.dictionaries[column] ?? { texts, codes: [] }
    if (known.texts !== texts) {
      known.texts = texts
      known.codes = []
    }
    while (known.codes.length < texts.length) known.codes.push(-1)
    return known.codes
  }

  private codeOf(text: string): number {
    const known = this.codeByText.get(text)
    if (known !== undefined) return known
    const code = this.texts.push(text) - 1
    this.codeByText.set(text, code)
    return code
  }
}

/** The same bits for the same key: -0 is 0, and whatever is no number is one NaN. */
function normal(value: number): number {
  return value === value ? value + 0 : NaN
}

/** Murmur3's mixing (Austin Appleby, public domain) of one more part into each hash, by the halves of the double. */
function mixIn(hashes: Int32Array, parts: Float64Array, length: number): void {
  const halves = new Uint32Array(parts.buffer, parts.byteOffset, 2 * length)
  for (let row = 0; row < length; row++) {
    hashes[row] = mix(mix(hashes[row] ?? 0, halves[2 * row] ?? 0), halves[2 * row + 1] ?? 0)
  }
}

function mix(hash: number, block: number): number {
  const k = Math.imul(block, 0xcc9e2d51)
  const mixed = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function finished(hash: number): number {
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}

function enlarge<T extends Float64Array | Int32Array>(from: T, into: T): T {
  into.set(from)
  return into
}
