/**
 * What an analysis keeps of each key, declared field by field: the states of all keys then lie in dense arrays, one array a
 * field, and are stored without knowing the analysis.
 */
export type StateField = NumberField | TextField | LatestField

export interface NumberField {
  readonly kind: 'number'
  readonly initial: number
  /** How the fields of two halves of a stream give that of the whole; undefined where they do not. */
  readonly merge: 'sum' | 'lowest' | 'highest' | undefined
}

export interface TextField {
  readonly kind: 'text'
}

export interface LatestField {
  readonly kind: 'latest'
  readonly length: number
}

export type StateFields = Readonly<Record<string, StateField>>

/** How many there were. */
export function count(): NumberField {
  return { kind: 'number', initial: 0, merge: 'sum' }
}

/** A sum over all rows. In doubles its last digits depend on the order. */
export function sum(): NumberField {
  return { kind: 'number', initial: 0, merge: 'sum' }
}

export function lowest(): NumberField {
  return { kind: 'number', initial: Infinity, merge: 'lowest' }
}

export function highest(): NumberField {
  return { kind: 'number', initial: -Infinity, merge: 'highest' }
}

/** Any other number: what it means depends on the order of the rows. */
export function number(initial = 0): NumberField {
  return { kind: 'number', initial, merge: undefined }
}

/** A text, empty at first. */
export function text(): TextField {
  return { kind: 'text' }
}

/** The last `length` numbers, none at first. */
export function latest(length: number): LatestField {
  return { kind: 'latest', length }
}

/** The last numbers of a key, the oldest at 0. */
export interface Latest {
  readonly length: number
  /** NaN beyond the newest. */
  at(index: number): number
  /** Adds one; the oldest goes when it is full. */
  push(value: number): void
  /** Puts a value in the newest one's place, or adds it where there is none. */
  replaceNewest(value: number): void
}

/** The state of one key as `fold` sees it: assigning to a field changes what is kept. */
export type State<B extends StateFields = StateFields> = {
  -readonly [N in keyof B as B[N] extends LatestField ? never : N]: B[N] extends NumberField ? number : string
} & { readonly [N in keyof B as B[N] extends LatestField ? N : never]: Latest }

/** The first field because of which two halves of a stream may not be folded apart and their states put together. */
export function findUnmergeable(fields: StateFields): string | undefined {
  return Object.keys(fields).find((name) => {
    const field = fields[name]
    return field?.kind !== 'number' || field.merge === undefined
  })
}

/** One value of a field from those of two halves of a stream. */
export function mergeValues(merge: NonNullable<NumberField['merge']>, left: number, right: number): number {
  switch (merge) {
    case 'sum':
      return left + right
    case 'lowest':
      return Math.min(left, right)
    case 'highest':
      return Math.max(left, right)
  }
}
