import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result } from '../analyses/analysis.ts'
import type { Frame, Refusal } from '../model/frame.ts'
import type { Value } from '../model/value.ts'
import { KeyIndex } from './key-index.ts'
import { StateTable } from './state-table.ts'

/** A result, and where it came from: the record that changed it last. */
export interface Upsert {
  readonly result: Result
  readonly origin: string
  /** The record's line or offset. */
  readonly position: number
}

/** Takes results as they are found, with where they came from. */
export interface ResultSink {
  put(result: Result, origin: string, position: number): void
}

/** The state of one key, as it is stored. */
export interface KeyState {
  /** The key's place among all keys. */
  readonly slot: number
  /** The values of the key as a JSON array. */
  readonly key: string
  /** A JSON object. */
  readonly state: string
}

/** An analysis at work on frames: the states of all keys, and what changed since it was last asked. */
export class Folding {
  private readonly analysis: ChosenAnalysis
  private readonly keys: KeyIndex
  private readonly states: StateTable
  private readonly key: KeyCursor
  /** The slots whose states changed since they were last taken. */
  private readonly changed = new SlotSet()
  /** Of an analysis with one result a key: the slots with a new result, and where from. */
  private readonly reported = new SlotSet()
  private readonly origins: string[] = []
  private readonly positions: number[] = []
  private readonly collected = new UpsertList()

  constructor(analysis: ChosenAnalysis) {
    this.analysis = analysis
    this.keys = new KeyIndex(analysis.keyBy)
    this.states = new StateTable(analysis.state)
    this.key = createKeyCursor(analysis, this.keys)
  }

  /** How many keys have been seen. */
  get size(): number {
    return this.keys.size
  }

  /**
   * Folds every row of the frame, in order, and returns the ones that the analysis refused.
   *
   * @param results takes what rows have for results of their own; left out, `takeUpserts` gives them
   */
  take(frame: Frame, results: ResultSink = this.collected): Refusal[] {
    const { analysis, states } = this
    const refusals: Refusal[] = []
    const slots = this.keys.slotsOf(frame)
    for (let index = 0; index < frame.length; index++) {
      const slot = slots[index] ?? 0
      const state = states.at(slot)
      const reason = analysis.fold(state, frame.rowAt(index))
      if (reason !== undefined) {
        refusals.push({ position: frame.positionAt(index), reason, sample: JSON.stringify(frame.recordAt(index)) })
        continue
      }
      this.changed.add(slot)
      if (analysis.emits.per === 'key') {
        this.reported.add(slot)
        this.origins[slot] = frame.originAt(index)
        this.positions[slot] = frame.positionAt(index)
      } else this.report(slot, frame.originAt(index), frame.positionAt(index), results)
    }
    return refusals
  }

  /** Hands over the results of keys that have changed since the last call, in the order in which they did. */
  reportKeys(results: ResultSink): void {
    for (const slot of this.reported.take())
      this.report(slot, this.origins[slot] ?? '', this.positions[slot] ?? -1, results)
  }

  /** The new results since the last call that nobody else has taken, in the order in which they were found. */
  takeUpserts(): Upsert[] {
    this.reportKeys(this.collected)
    return this.collected.take()
  }

  /** The states that changed since the last call. */
  takeStates(): KeyState[] {
    return this.changed.take().map((slot) => ({ slot, key: this.keyAt(slot), state: this.states.encode(slot) }))
  }

  /** How many states have changed since they were last taken. */
  get changedKeys(): number {
    return this.changed.size
  }

  /** About how many bytes of memory the states take. */
  get bytes(): number {
    return this.states.bytes
  }

  /** Puts a stored state back, and returns the key's slot. @throws SyntaxError when it is none of this analysis */
  restore(key: string, state: string): number {
    const slot = this.slotOf(key)
    this.states.decode(slot, JSON.parse(state))
    return slot
  }

  /** Puts a key's state back to what keys begin with, and returns the key's slot. @throws SyntaxError for no key */
  forget(key: string): number {
    const slot = this.slotOf(key)
    this.states.clear(slot)
    return slot
  }

  private slotOf(key: string): number {
    const values: unknown = JSON.parse(key)
    if (!isKey(values, textColumns(this.analysis))) throw new SyntaxError(`${key} is no key`)
    return this.keys.slotOf(values)
  }

  private report(slot: number, origin: string, position: number, results: ResultSink): void {
    const { analysis } = this
    const result = analysis.report(this.states.at(slot), this.key.at(slot), origin)
    if (result !== undefined) results.put(result, origin, position)
  }

  private keyAt(slot: number): string {
    return JSON.stringify(textColumns(this.analysis).map((isText, column) => this.keys.valueAt(column, slot, isText)))
  }
}

/** The columns of a key by name. */
interface KeyCursor {
  at(slot: number): object
}

function createKeyCursor(analysis: ChosenAnalysis, keys: KeyIndex): KeyCursor {
  let slot = 0
  const accessors: PropertyDescriptorMap = {}
  const isText = textColumns(analysis)
  analysis.keyBy.forEach((name, column) => {
    const isTextHere = isText[column] === true
    accessors[name] = { enumerable: true, get: () => keys.valueAt(column, slot, isTextHere) }
  })
  const key: object = Object.create(Object.prototype, accessors)
  return {
    at(wanted) {
      slot = wanted
      return key
    },
  }
}

class UpsertList implements ResultSink {
  private upserts: Upsert[] = []

  put(result: Result, origin: string, position: number): void {
    this.upserts.push({ result, origin, position })
  }

  take(): Upsert[] {
    const taken = this.upserts
    this.upserts = []
    return taken
  }
}

/** Slots, each once, in the order in which they came. */
class SlotSet {
  private flags = new Uint8Array(1024)
  private slots: number[] = []

  get size(): number {
    return this.slots.length
  }

  add(slot: number): void {
    if (this.flags[slot] === 1) return
    if (slot >= this.flags.length) {
      const flags = new Uint8Array(Math.max(slot + 1, this.flags.length * 2))
      flags.set(this.flags)
      this.flags = flags
    }
    this.flags[slot] = 1
    this.slots.push(slot)
  }

  take(): number[] {
    const taken = this.slots
    for (const slot of taken) this.flags[slot] = 0
    this.slots = []
    return taken
  }
}

/** By column of the key, whether its values are text. */
function textColumns({ keyBy, input }: ChosenAnalysis): boolean[] {
  return keyBy.map((name) => {
    const type = input.schema.fields[name]?.type
    return type === 'text' || type === 'date'
  })
}

function isKey(values: unknown, isText: readonly boolean[]): values is readonly Value[] {
  return (
    Array.isArray(values) &&
    values.length === isText.length &&
    values.every((each, column) => each === null || typeof each === (isText[column] ? 'string' : 'number'))
  )
}
