import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  isEnded,
  type MemberAction,
  type MemberEvent,
  type MemberState,
  memberTable,
} from '../../../../src/broker/kafka/group/member-state.ts'

interface Cell {
  readonly state: MemberState
  readonly event: MemberEvent
  readonly next: MemberState
  readonly actions: readonly MemberAction[]
  readonly where: string
}

const states = Object.keys(memberTable).filter(isState)
const events = Object.keys(memberTable.joining).filter(isEvent)
const cells: readonly Cell[] = states.flatMap((state) =>
  events.map((event) => {
    const [next, ...actions] = memberTable[state][event]
    return { state, event, next, actions, where: `${state}, ${event}` }
  }),
)

it('has a cell for every state with every event, and reaches every state', () => {
  assert.equal(cells.length, states.length * events.length)
  for (const row of Object.values(memberTable)) assert.deepEqual(Object.keys(row).toSorted(), events.toSorted())
  assert.deepEqual(reachableFrom('joining'), new Set(states))
})

it('can always be stopped: the end is reached by stopping alone, without an answer', () => {
  for (const start of states) {
    let state = start
    for (const event of ['stop', 'overdue', 'gone'] as const) state = memberTable[state][event][0]
    assert.ok(isEnded(state), `${start} is ${state}`)
  }
})

it('ends once: an end is said where it comes, and nothing happens after it', () => {
  for (const { state, next, actions, where } of cells) {
    if (isEnded(state)) assert.deepEqual([next, actions], [state, []], where)
    else assert.equal(actions.includes('end'), isEnded(next), where)
  }
})

it('loses everything exactly when it holds something and is a member no more', () => {
  const holding: readonly MemberState[] = ['member', 'draining']
  for (const { state, event, next, actions, where } of cells) {
    const isLoss = holding.includes(state) && !holding.includes(next) && event !== 'drained'
    assert.equal(actions.includes('lose'), isLoss, where)
    assert.equal(actions.includes('release'), state === 'member' && next === 'draining', where)
  }
})

it('leaves in order where the group may take it for a member', () => {
  for (const { state, next, actions, where } of cells) {
    assert.equal(actions.includes('leave'), next === 'leaving' && state !== 'leaving', where)
  }
})

it('becomes a member by an answer only, and takes nothing while it drains', () => {
  for (const { state, event, next, where } of cells) {
    if (next === 'member' && state !== 'member') assert.equal(event, 'answered', where)
    if (state === 'draining') assert.notEqual(next, 'member', where)
  }
})

it('takes a held name over when it is new, and yields when it had it', () => {
  assert.deepEqual(memberTable.joining['held-by-other'], ['joining', 'free-name', 'restart', 'ask'])
  assert.deepEqual(memberTable.rejoining['held-by-other'], ['fenced', 'end'])
  for (const state of ['member', 'rejoining', 'draining'] as const) {
    assert.equal(memberTable[state].replaced[0], 'fenced', state)
  }
})

it('goes back to the coordinator after every answer that says so, and never asks in a tight loop', () => {
  for (const { state, event, actions, where } of cells) {
    if (isEnded(state) || state === 'leaving') continue
    if (event === 'unreachable') assert.deepEqual(actions, ['find', 'pause'], where)
    if (event === 'busy') assert.deepEqual(actions, ['pause'], where)
  }
})

function reachableFrom(start: MemberState): Set<MemberState> {
  const reached = new Set<MemberState>([start])
  for (const state of reached) for (const event of events) reached.add(memberTable[state][event][0])
  return reached
}

function isState(name: string): name is MemberState {
  return Object.hasOwn(memberTable, name)
}

function isEvent(name: string): name is MemberEvent {
  return Object.hasOwn(memberTable.joining, name)
}
