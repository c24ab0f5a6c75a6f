import type { Cells } from '../model/column.ts'
import type { Frame } from '../model/frame.ts'
import type { Value } from '../model/value.ts'

/**
 * Gives every key a small whole number, its slot, in the order in which keys come: 0, 1, 2, … A key is the values of some
 * columns. Text is compared by a code of its own and numbers as doubles, so finding the slot of a row makes no object.
 */
export class KeyIndex {
  private readonly columns: readonly string[]
  /** By column, the parts of all keys by slot: numbers as they are, codes of text, NaN for an empty cell. */
  private parts: Float64Array[]
  private readonly texts: string[] = []
  private readonly codeByText = new Map<string, number>()
  /** By column, the codes of a frame's dictionary, as far as they are known. */
  private readonly dictionaries: { texts: readonly string[]; codes: number[] }[]
  /** Open addressing, slot + 1 or 0; a power of two, at most half full. */
  private table = new Uint32Array(1 << 10)
  private slots = new Uint32Array(1 << 10)
  private count = 0

  constructor(columns: readonly string[]) {
    this.columns = columns
    this.parts = columns.map(() => new Float64Array(1 << 9))
    this.dictionaries = columns.map(() => ({ texts: [], codes: [] }))
    this.row = columns.map(() => 0)
  }

  /** How many keys there are. */
  get size(): number {
    return this.count
  }

  /** By row of the frame, its slot; new keys get new ones. The array is used again by the next call. */
  slotsOf(frame: Frame): Uint32Array {
    if (this.slots.length < frame.length) this.slots = new Uint32Array(2 * frame.length)
    const cells = this.columns.map((column) => frame.cellsOf(column))
    const codes = cells.map((each, column) => this.codesOf(each, column))
    for (let row = 0; row < frame.length; row++) {
      for (let column = 0; column < cells.length; column++) {
        this.row[column] = this.partOf(cells[column], codes[column], row)
      }
      this.slots[row] = this.slotOfRow()
    }
    return this.slots
  }

  /** The slot of a key that is given by its values. */
  slotOf(values: readonly Value[]): number {
    values.forEach((value, column) => {
      this.row[column] = typeof value === 'string' ? this.codeOf(value) : normal(value ?? NaN)
    })
    return this.slotOfRow()
  }

  /** The value of a key in one of its columns. */
  valueAt(column: number, slot: number, isText: boolean): Value {
    const part = this.parts[column]?.[slot] ?? NaN
    if (Number.isNaN(part)) return null
    return isText ? (this.texts[part] ?? null) : part
  }

  /** The parts of the key that is looked for. */
  private readonly row: number[]

  private slotOfRow(): number {
    const mask = this.table.length - 1
    let place = hashOf(this.row) & mask
    for (;;) {
      const slot = (this.table[place] ?? 0) - 1
      if (slot < 0) return this.add(place)
      if (this.isAt(slot)) return slot
      place = (place + 1) & mask
    }
  }

  private isAt(slot: number): boolean {
    for (let column = 0; column < this.row.length; column++) {
      const mine = this.row[column] ?? NaN
      const other = this.parts[column]?.[slot] ?? NaN
      // An empty cell is NaN, which equals nothing.
      if (mine !== other && (mine === mine || other === other)) return false
    }
    return true
  }

  private add(place: number): number {
    const slot = this.count++
    if (slot === this.parts[0]?.length) this.parts = this.parts.map((part) => enlarge(part))
    this.row.forEach((value, column) => {
      const part = this.parts[column]
      if (part !== undefined) part[slot] = value
    })
    this.table[place] = slot + 1
    if (this.count * 2 > this.table.length) this.rehash()
    return slot
  }

  private rehash(): void {
    const table = new Uint32Array(this.table.length * 2)
    const parts = this.columns.map(() => 0)
    for (let slot = 0; slot < this.count; slot++) {
      for (let column = 0; column < parts.length; column++) parts[column] = this.parts[column]?.[slot] ?? NaN
      let place = hashOf(parts) & (table.length - 1)
      while (table[place] !== 0) place = (place + 1) & (table.length - 1)
      table[place] = slot + 1
    }
    this.table = table
  }

  /** The codes of a frame's dictionary here; -1 where none of its rows has asked yet. */
  private codesOf(cells: Cells, column: number): number[] | undefined {
    const known = this.dictionaries[column]
    if (cells.kind !== 'text' || known === undefined) return undefined
    if (known.texts !== cells.texts) {
      known.texts = cells.texts
      known.codes = []
    }
    while (known.codes.length < cells.texts.length) known.codes.push(-1)
    return known.codes
  }

  private partOf(cells: Cells | undefined, codes: number[] | undefined, row: number): number {
    if (cells === undefined || cells.states[row] !== 0) return NaN
    if (cells.kind === 'number') return normal(cells.values[row] ?? NaN)
    const local = cells.codes[row] ?? 0
    const known = codes?.[local] ?? -1
    if (known >= 0) return known
    const code = this.codeOf(cells.texts[local] ?? '')
    if (codes !== undefined) codes[local] = code
    return code
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

const double = new Float64Array(1)
const halves = new Uint32Array(double.buffer)

/** Murmur3's mixing (Austin Appleby, public domain) over the halves of the doubles. */
function hashOf(parts: readonly number[]): number {
  let hash = 0
  for (let i = 0; i < parts.length; i++) {
    double[0] = parts[i] ?? 0
    hash = mix(mix(hash, halves[0] ?? 0), halves[1] ?? 0)
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}

function mix(hash: number, block: number): number {
  const k = Math.imul(block, 0xcc9e2d51)
  const mixed = hash ^ Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  return (Math.imul((mixed << 13) | (mixed >>> 19), 5) + 0xe6546b64) | 0
}

function enlarge(from: Float64Array): Float64Array<ArrayBuffer> {
  const into = new Float64Array(from.length * 2)
  into.set(from)
  return into
}
