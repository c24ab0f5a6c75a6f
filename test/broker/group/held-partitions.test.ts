import assert from 'node:assert/strict'
import { it } from 'node:test'
import { HeldPartitions } from '../../../src/broker/group/held-partitions.ts'

interface Call {
  readonly what: string
  resolve(): void
  reject(error: unknown): void
}

function makeHeld() {
  const calls: Call[] = []
  const failures: unknown[] = []
  let changes = 0
  const begin = (what: string): Promise<void> =>
    new Promise((resolve, reject) => void calls.push({ what, resolve: () => resolve(), reject }))
  const held = new HeldPartitions(
    {
      onGained: (partitions, generation) => begin(`gained ${partitions.join()} in ${generation}`),
      onReleased: (partitions) => begin(`released ${partitions.join()}`),
      onLost: (partitions) => void begin(`lost ${partitions.join()}`),
    },
    () => changes++,
    (error) => failures.push(error),
  )
  const settle = async (index: number): Promise<void> => {
    calls[index]?.resolve()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { held, calls, failures, settle, changes: () => changes, said: () => calls.map(({ what }) => what) }
}

it('tells in one call what is gained, and in one what is to be released', async () => {
  const { held, settle, said } = makeHeld()
  held.assign([0, 1, 2, 3])
  await settle(0)
  held.assign([1, 4])
  assert.deepEqual(said(), ['gained 0,1,2,3 in 1', 'released 0,2,3', 'gained 4 in 1'])
  assert.deepEqual(held.held(), [0, 1, 2, 3, 4])
  await settle(1)
  assert.deepEqual(held.held(), [1, 4])
})

it('gains again what came back while it was released, and only then', async () => {
  const { held, settle, said } = makeHeld()
  held.assign([0])
  await settle(0)
  held.assign([])
  held.assign([0])
  assert.deepEqual(said(), ['gained 0 in 1', 'released 0'])
  await settle(1)
  assert.deepEqual(said().slice(2), ['gained 0 in 1'])
})

it('takes no commit of an earlier generation, also of a partition that is back', async () => {
  const { held, settle, said } = makeHeld()
  held.assign([0])
  await settle(0)
  assert.equal(held.owns(0, 1), true)
  held.lose()
  assert.equal(held.owns(0, 1), false)
  held.assign([0])
  assert.deepEqual(said(), ['gained 0 in 1', 'lost 0', 'gained 0 in 2'])
  assert.deepEqual([held.owns(0, 1), held.owns(0, 2), held.owns(1, 2)], [false, true, false])
})

it('waits with a gain until the call that was under way at the loss has settled', async () => {
  const { held, settle, said } = makeHeld()
  held.assign([0, 1])
  held.lose()
  held.assign([0])
  assert.deepEqual(said(), ['gained 0,1 in 1', 'lost 0,1'])
  assert.deepEqual(held.held(), [])
  await settle(0)
  assert.deepEqual(said().slice(2), ['gained 0 in 2'])
})

it('passes on what a call threw, and goes on', async () => {
  const { held, calls, failures, settle, changes } = makeHeld()
  held.assign([0])
  const broken = new Error('broken')
  calls[0]?.reject(broken)
  await settle(0)
  assert.deepEqual(failures, [broken])
  assert.equal(changes(), 1)
  held.assign([])
  await settle(1)
  assert.deepEqual(held.held(), [])
})
