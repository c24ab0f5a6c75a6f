import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  isHeld,
  type PartitionEvent,
  type PartitionState,
  partitionTable,
} from '../../../src/broker/group/partition-state.ts'

const events = Object.keys(partitionTable.free).filter(isEvent)

/** What an owner goes through: at most one call under way, and it begins before it ends. */
interface Owner {
  readonly call: 'gain' | 'release' | undefined
  readonly has: boolean
}

it('walks every sequence of eight events, and the owner is always told one thing after the other', () => {
  const seen = new Set<string>()
  const walk = (state: PartitionState, owner: Owner, trace: readonly PartitionEvent[]): void => {
    assert.equal(isHeld(state), owner.has, `${trace.join(' ')}: held is what the owner has`)
    if (trace.length === 8) return
    for (const event of events) {
      if (event === 'settled' && owner.call === undefined) continue // no call is under way that could settle
      const [next, call] = partitionTable[state][event]
      seen.add(`${state} ${event}`)
      const where = `${[...trace, event].join(' ')}: ${state} to ${next}`
      let after: Owner = event === 'settled' ? { has: owner.has && owner.call === 'gain', call: undefined } : owner
      if (call === 'lose') {
        assert.ok(owner.has, `${where}: only what it has is lost`)
        after = { has: false, call: owner.call }
      } else if (call === 'gain') {
        assert.deepEqual(after, { has: false, call: undefined }, `${where}: gains what it has given up`)
        after = { has: true, call: 'gain' }
      } else if (call === 'release') {
        assert.deepEqual(after, { has: true, call: undefined }, `${where}: releases what it works on`)
        after = { has: true, call: 'release' }
      }
      if (event === 'lost') assert.equal(after.has, false, `${where}: what is lost is not had`)
      walk(next, after, [...trace, event])
    }
  }
  walk('free', { has: false, call: undefined }, [])
  const cells = Object.entries(partitionTable).flatMap(([state, row]) => Object.keys(row).map((e) => `${state} ${e}`))
  // Where no call is under way none can settle.
  assert.deepEqual(
    cells.filter((cell) => !seen.has(cell)),
    ['free settled', 'working settled'],
  )
})

it('comes to rest with what was last asked for, whatever came before', () => {
  for (const state of Object.keys(partitionTable).filter(isState)) {
    for (const [event, rest] of [
      ['assigned', 'working'],
      ['unassigned', 'free'],
      ['lost', 'free'],
    ] as const) {
      let at = partitionTable[state][event][0]
      for (let calls = 0; calls < 4; calls++) at = partitionTable[at].settled[0]
      assert.equal(at, rest, `${state}, ${event}`)
    }
  }
})

function isState(name: string): name is PartitionState {
  return Object.hasOwn(partitionTable, name)
}

function isEvent(name: string): name is PartitionEvent {
  return Object.hasOwn(partitionTable.free, name)
}
