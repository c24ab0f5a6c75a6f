/**
 * The life of a group member, whatever the protocol. Nothing here does anything: a cell says what comes next and what is
 * to be done.
 *
 * ```
 *   joining ──answered──▶ member ──stop──▶ draining ──drained──▶ leaving ──gone──▶ left
 *                         │    ▲
 *                  removed▼    │answered
 *                       rejoining ──held-by-other──▶ fenced
 * ```
 *
 * `joining` and `rejoining` differ in one thing: what it means that another process holds our name. A new process takes it
 * over; one that had it was taken over.
 */
export type MemberState =
  | 'joining'
  | 'member'
  | 'rejoining'
  | 'draining' // asked to stop: partitions are finished and given up, heartbeats go on
  | 'leaving'
  | 'left'
  | 'fenced'
  | 'failed'

export type MemberEvent =
  | 'answered' // as to a member
  | 'removed' // the group does not know us, or fences us: 25, 110, 22
  | 'name-held' // another member has our name: 111
  | 'held-by-us' // it is ourselves: the answer to our joining was lost
  | 'held-by-other'
  | 'name-free' // nobody has it any more
  | 'replaced' // another process has our name: 82
  | 'stale' // the group is at a newer epoch than we knew, or rebalances: 113, 27
  | 'busy' // the coordinator loads, or answers what passes: 14
  | 'unreachable' // no answer, or another broker is the coordinator: 15, 16
  | 'refused' // what waiting does not change: a missing permission, a group of another kind
  | 'topic-gone' // deleted, or made anew
  | 'stop'
  | 'drained' // asked to stop, and nothing is held any more
  | 'overdue' // the draining has taken too long
  | 'gone' // the group knows that we left, or was told so as long as it pays

export type MemberAction =
  | 'ask' // the next heartbeat at once
  | 'pause' // the next heartbeat later, and later each time
  | 'find' // the coordinator anew, over a new connection
  | 'restart' // as one that the group does not know
  | 'look' // who holds our name
  | 'free-name'
  | 'release' // every partition, in order
  | 'lose' // every partition: they are another's already
  | 'leave'
  | 'end'

export type MemberCell = readonly [next: MemberState, ...actions: MemberAction[]]
type Row = Readonly<Record<MemberEvent, MemberCell>>

/** Every state with every event. An event that cannot come, or changes nothing, stays where it is. */
export const memberTable: Readonly<Record<MemberState, Row>> = {
  joining: {
    answered: ['member'],
    removed: ['joining', 'restart', 'pause'],
    'name-held': ['joining', 'look'],
    'held-by-us': ['joining', 'free-name', 'restart', 'ask'],
    'held-by-other': ['joining', 'free-name', 'restart', 'ask'],
    'name-free': ['joining', 'restart', 'ask'],
    replaced: ['joining', 'restart', 'pause'], // who held the name changed while we freed it
    stale: ['joining', 'ask'],
    busy: ['joining', 'pause'],
    unreachable: ['joining', 'find', 'pause'],
    refused: ['failed', 'end'],
    'topic-gone': ['leaving', 'leave'],
    stop: ['leaving', 'leave'], // an answer under way may have made us a member
    drained: ['joining'],
    overdue: ['joining'],
    gone: ['joining'],
  },
  member: {
    answered: ['member'],
    removed: ['rejoining', 'lose', 'restart', 'ask'],
    'name-held': ['rejoining', 'lose', 'look'],
    'held-by-us': ['member'],
    'held-by-other': ['member'],
    'name-free': ['member'],
    replaced: ['fenced', 'lose', 'end'],
    stale: ['member', 'ask'],
    busy: ['member', 'pause'],
    unreachable: ['member', 'find', 'pause'],
    refused: ['failed', 'lose', 'end'],
    'topic-gone': ['leaving', 'lose', 'leave'],
    stop: ['draining', 'release'],
    drained: ['member'],
    overdue: ['member'],
    gone: ['member'],
  },
  rejoining: {
    answered: ['member'],
    removed: ['rejoining', 'restart', 'pause'],
    'name-held': ['rejoining', 'look'],
    'held-by-us': ['rejoining', 'free-name', 'restart', 'ask'],
    'held-by-other': ['fenced', 'end'],
    'name-free': ['rejoining', 'restart', 'ask'],
    replaced: ['fenced', 'end'],
    stale: ['rejoining', 'ask'],
    busy: ['rejoining', 'pause'],
    unreachable: ['rejoining', 'find', 'pause'],
    refused: ['failed', 'end'],
    'topic-gone': ['leaving', 'leave'],
    stop: ['leaving', 'leave'],
    drained: ['rejoining'],
    overdue: ['rejoining'],
    gone: ['rejoining'],
  },
  draining: {
    answered: ['draining'],
    removed: ['left', 'lose', 'end'],
    'name-held': ['left', 'lose', 'end'],
    'held-by-us': ['draining'],
    'held-by-other': ['draining'],
    'name-free': ['draining'],
    replaced: ['fenced', 'lose', 'end'],
    stale: ['draining', 'ask'],
    busy: ['draining', 'pause'],
    unreachable: ['draining', 'find', 'pause'],
    refused: ['failed', 'lose', 'end'],
    'topic-gone': ['leaving', 'lose', 'leave'],
    stop: ['draining'],
    drained: ['leaving', 'leave'],
    overdue: ['leaving', 'lose', 'leave'],
    gone: ['draining'],
  },
  leaving: {
    answered: ['leaving'],
    removed: ['left', 'end'],
    'name-held': ['left', 'end'],
    'held-by-us': ['leaving'],
    'held-by-other': ['leaving'],
    'name-free': ['leaving'],
    replaced: ['left', 'end'],
    stale: ['leaving'],
    busy: ['leaving'],
    unreachable: ['leaving', 'find'],
    refused: ['left', 'end'],
    'topic-gone': ['leaving'],
    stop: ['leaving'],
    drained: ['leaving'],
    overdue: ['leaving'],
    gone: ['left', 'end'],
  },
  left: ended('left'),
  fenced: ended('fenced'),
  failed: ended('failed'),
}

function ended(state: MemberState): Row {
  const stay: MemberCell = [state]
  return {
    answered: stay,
    removed: stay,
    'name-held': stay,
    'held-by-us': stay,
    'held-by-other': stay,
    'name-free': stay,
    replaced: stay,
    stale: stay,
    busy: stay,
    unreachable: stay,
    refused: stay,
    'topic-gone': stay,
    stop: stay,
    drained: stay,
    overdue: stay,
    gone: stay,
  }
}

/** Whether the membership is over. */
export function isEnded(state: MemberState): boolean {
  return state === 'left' || state === 'fenced' || state === 'failed'
}
