/**
 * The life of one partition with one member of a group. Nothing here does anything: a cell says what comes next and what
 * the owner of the partition is to be told.
 *
 * ```
 *          assigned                settled              unassigned
 *   free ───────────▶ beginning ───────────▶ working ──────────────▶ finishing ──settled──▶ free
 *                      │     ▲                                        │     ▲
 *            unassigned▼     │assigned                        assigned▼     │unassigned
 *                      ceasing ──settled──▶ finishing                 returning ──settled──▶ beginning
 * ```
 *
 * A loss leads to `free`, or, while a call is under way, to `dropped` until it has settled.
 */
export type PartitionState =
  | 'free'
  | 'beginning' // onGained is under way
  | 'working'
  | 'ceasing' // onGained is under way, and the partition is already wanted back
  | 'finishing' // onReleased is under way
  | 'returning' // onReleased is under way, and the partition is ours again after it
  | 'dropped' // lost while a call was under way
  | 'awaited' // the same, and it is ours again once that call has settled

/** `settled`: the call under way has resolved. */
export type PartitionEvent = 'assigned' | 'unassigned' | 'settled' | 'lost'

/** What the owner is to be told: `onGained`, `onReleased`, `onLost`. */
export type PartitionCall = 'gain' | 'release' | 'lose'

type Cell = readonly [next: PartitionState, call?: PartitionCall]

/** Every state with every event. An event that cannot come, or changes nothing, stays where it is. */
export const partitionTable: Readonly<Record<PartitionState, Readonly<Record<PartitionEvent, Cell>>>> = {
  free: {
    assigned: ['beginning', 'gain'],
    unassigned: ['free'],
    settled: ['free'],
    lost: ['free'],
  },
  beginning: {
    assigned: ['beginning'],
    unassigned: ['ceasing'],
    settled: ['working'],
    lost: ['dropped', 'lose'],
  },
  working: {
    assigned: ['working'],
    unassigned: ['finishing', 'release'],
    settled: ['working'],
    lost: ['free', 'lose'],
  },
  ceasing: {
    assigned: ['beginning'],
    unassigned: ['ceasing'],
    settled: ['finishing', 'release'],
    lost: ['dropped', 'lose'],
  },
  finishing: {
    assigned: ['returning'],
    unassigned: ['finishing'],
    settled: ['free'],
    lost: ['dropped', 'lose'],
  },
  returning: {
    assigned: ['returning'],
    unassigned: ['finishing'],
    settled: ['beginning', 'gain'],
    lost: ['dropped', 'lose'],
  },
  dropped: {
    assigned: ['awaited'],
    unassigned: ['dropped'],
    settled: ['free'],
    lost: ['dropped'],
  },
  awaited: {
    assigned: ['awaited'],
    unassigned: ['dropped'],
    settled: ['beginning', 'gain'],
    lost: ['dropped'],
  },
}

/** Whether nobody else may have the partition: the group is told so, and commits of it are taken. */
export function isHeld(state: PartitionState): boolean {
  return state !== 'free' && state !== 'dropped' && state !== 'awaited'
}
