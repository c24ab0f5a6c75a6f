import type { Latest, StateField, StateFields } from '../analyses/state.ts'

/**
 * The states of all keys in dense arrays, one array a field, the state of a key at its slot. A state is seen through one
 * cursor that moves over the slots, so neither reading nor changing one makes an object.
 */
export class StateTable {
  private readonly place: Place = { slot: 0 }
  private readonly columns: ReadonlyMap<string, StateColumn>
  private readonly latests: readonly LatestColumn[]
  private readonly cursor: object
  private capacity = slotsAtFirst

  constructor(fields: StateFields) {
    this.columns = new Map(Object.entries(fields).map(([name, field]) => [name, createColumn(field, this.place)]))
    this.latests = [...this.columns.values()].filter((column) => column instanceof LatestColumn)
    // On a prototype, since accessors of an object's own would cost twice as much to read.
    this.cursor = Object.create(Object.create(Object.prototype, accessorsOf(this.columns)))
  }

  /** About how many bytes of memory the states take. */
  get bytes(): number {
    let bytes = 0
    for (const column of this.columns.values()) bytes += column.bytesPerSlot * this.capacity
    return bytes
  }

  /** The state at a slot, valid until the next call. A slot nobody has used holds what a key begins with. */
  at(slot: number): object {
    if (slot >= this.capacity) this.grow(slot)
    this.place.slot = slot
    for (let i = 0; i < this.latests.length; i++) this.latests[i]?.moveTo(slot)
    return this.cursor
  }

  /** The state at a slot as JSON that gives back every number bit for bit. */
  encode(slot: number): string {
    this.at(slot)
    let members = ''
    for (const [name, column] of this.columns)
      members += `${members === '' ? '' : ','}${JSON.stringify(name)}:${column.encode()}`
    return `{${members}}`
  }

  /** Puts a state that was encoded into a slot. @throws SyntaxError when it is none of this table's */
  decode(slot: number, state: unknown): void {
    this.at(slot)
    const members: Readonly<Record<string, unknown>> = isObject(state) ? { ...state } : {}
    for (const [name, column] of this.columns) {
      if (!Object.hasOwn(members, name) || !column.decode(members[name])) throw new SyntaxError(`no state: ${name}`)
    }
    if (Object.keys(members).length !== this.columns.size) throw new SyntaxError('no state: other fields')
  }

  /** Puts a slot back to what a key begins with. */
  clear(slot: number): void {
    this.at(slot)
    for (const column of this.columns.values()) column.clear()
  }

  private grow(slot: number): void {
    while (slot >= this.capacity) this.capacity *= 2
    for (const column of this.columns.values()) column.grow(this.capacity)
  }
}

const slotsAtFirst = 64

interface Place {
  slot: number
}

/** The field of the slot that its place says. */
interface StateColumn {
  readonly bytesPerSlot: number
  grow(capacity: number): void
  clear(): void
  encode(): string
  /** False when it is no value of this field. */
  decode(value: unknown): boolean
}

function createColumn(field: StateField, place: Place): StateColumn {
  switch (field.kind) {
    case 'number':
      return new NumberColumn(field.initial, place)
    case 'text':
      return new TextColumn(place)
    case 'latest':
      return new LatestColumn(field.length)
  }
}

function accessorsOf(columns: ReadonlyMap<string, StateColumn>): PropertyDescriptorMap {
  const accessors: PropertyDescriptorMap = {}
  for (const [name, column] of columns) {
    if (column instanceof NumberColumn) {
      accessors[name] = {
        enumerable: true,
        get: () => column.value,
        set: (value: number) => void (column.value = value),
      }
    } else if (column instanceof TextColumn) {
      accessors[name] = {
        enumerable: true,
        get: () => column.value,
        set: (value: string) => void (column.value = value),
      }
    } else accessors[name] = { enumerable: true, value: column }
  }
  return accessors
}

class NumberColumn implements StateColumn {
  readonly bytesPerSlot = 8
  private readonly initial: number
  private readonly place: Place
  private values: Float64Array

  constructor(initial: number, place: Place) {
    this.initial = initial
    this.place = place
    this.values = new Float64Array(slotsAtFirst).fill(initial)
  }

  get value(): number {
    return this.values[this.place.slot] ?? NaN
  }

  set value(value: number) {
    this.values[this.place.slot] = value
  }

  grow(capacity: number): void {
    this.values = enlarge(this.values, new Float64Array(capacity).fill(this.initial))
  }

  clear(): void {
    this.value = this.initial
  }

  encode(): string {
    return encodeNumber(this.value)
  }

  decode(value: unknown): boolean {
    const number = decodeNumber(value)
    if (number === undefined) return false
    this.value = number
    return true
  }
}

class TextColumn implements StateColumn {
  readonly bytesPerSlot = 64
  private readonly place: Place
  private readonly values: string[] = []

  constructor(place: Place) {
    this.place = place
    this.grow(slotsAtFirst)
  }

  get value(): string {
    return this.values[this.place.slot] ?? ''
  }

  set value(value: string) {
    this.values[this.place.slot] = value
  }

  grow(capacity: number): void {
    while (this.values.length < capacity) this.values.push('')
  }

  clear(): void {
    this.value = ''
  }

  encode(): string {
    return JSON.stringify(this.value)
  }

  decode(value: unknown): boolean {
    if (typeof value !== 'string') return false
    this.value = value
    return true
  }
}

/**
 * The last numbers of every slot, each slot in a stretch of twice their number: new ones are appended, and at its end the
 * newest are moved to its beginning, so that they always lie side by side. Behind the newest there are only NaNs, so that
 * reading needs no look at their number, which would cost as much again.
 */
class LatestColumn implements StateColumn, Latest {
  readonly bytesPerSlot: number
  /** Of the slot it has moved to. */
  length = 0
  private readonly max: number
  private values: Float64Array
  /** By slot, where in its stretch the oldest is, and how many there are. */
  private starts = new Uint32Array(slotsAtFirst)
  private lengths = new Uint32Array(slotsAtFirst)
  private slot = 0
  /** Where in `values` the oldest of the slot is. */
  private from = 0

  constructor(max: number) {
    this.max = max
    this.bytesPerSlot = 16 * max + 8
    this.values = new Float64Array(2 * max * slotsAtFirst).fill(NaN)
  }

  moveTo(slot: number): void {
    this.slot = slot
    this.length = this.lengths[slot] ?? 0
    this.from = 2 * this.max * slot + (this.starts[slot] ?? 0)
  }

  at(index: number): number {
    // Chosen is the place, not the value: numbers that may come from two places are put into objects by V8, one a read.
    return this.values[index >= 0 && index < this.max ? this.from + index : -1] ?? NaN
  }

  push(value: number): void {
    if (this.length === this.max) this.dropOldest()
    this.values[this.from + this.length] = value
    this.lengths[this.slot] = ++this.length
  }

  replaceNewest(value: number): void {
    if (this.length === 0) this.push(value)
    else this.values[this.from + this.length - 1] = value
  }

  grow(capacity: number): void {
    this.values = enlarge(this.values, new Float64Array(2 * this.max * capacity).fill(NaN))
    this.starts = enlarge(this.starts, new Uint32Array(capacity))
    this.lengths = enlarge(this.lengths, new Uint32Array(capacity))
  }

  encode(): string {
    let json = ''
    for (let i = 0; i < this.length; i++) json += (i === 0 ? '' : ',') + encodeNumber(this.at(i))
    return `[${json}]`
  }

  clear(): void {
    this.starts[this.slot] = 0
    this.lengths[this.slot] = 0
    this.values.fill(NaN, 2 * this.max * this.slot, 2 * this.max * (this.slot + 1))
    this.moveTo(this.slot)
  }

  decode(value: unknown): boolean {
    if (!Array.isArray(value) || value.length > this.max) return false
    this.clear()
    for (const each of value) {
      const number = decodeNumber(each)
      if (number === undefined) return false
      this.push(number)
    }
    return true
  }

  private dropOldest(): void {
    const stretch = 2 * this.max * this.slot
    this.from++
    this.length--
    if (this.from + this.length === stretch + 2 * this.max) {
      this.values.copyWithin(stretch, this.from, this.from + this.length)
      this.from = stretch
    }
    this.starts[this.slot] = this.from - stretch
  }
}

function enlarge<T extends Float64Array | Uint32Array>(from: T, into: T): T {
  into.set(from)
  return into
}

/** A number as JSON; those that JSON has no number for are text. */
function encodeNumber(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return `"${value}"`
}

function decodeNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
