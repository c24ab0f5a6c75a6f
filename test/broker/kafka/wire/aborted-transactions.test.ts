import assert from 'node:assert/strict'
import { it } from 'node:test'
import { AbortedTransactions } from '../../../../src/broker/kafka/wire/aborted-transactions.ts'

interface Step {
  readonly offset: number
  readonly producer?: bigint
  readonly is: 'data' | 'plain' | 'abort' | 'commit'
}

/** Which of these batches of one record each are taken for aborted. */
function abortedAmong(listed: readonly (readonly [bigint, number])[], steps: readonly Step[]): number[] {
  const transactions = new AbortedTransactions(listed.map(([producer, firstOffset]) => ({ producer, firstOffset })))
  return steps.flatMap(({ offset, producer = 1n, is }) => {
    const isControl = is === 'abort' || is === 'commit'
    const batch = { lastOffset: offset, producer, isTransactional: is !== 'plain', isControl }
    return transactions.isAborted(batch, () => is === 'abort') ? [offset] : []
  })
}

it('takes a producer for aborting from the first offset of its transaction to its marker', () => {
  const steps: Step[] = [
    { offset: 0, is: 'data' },
    { offset: 1, is: 'commit' },
    { offset: 2, is: 'data' },
    { offset: 3, is: 'plain' },
    { offset: 4, is: 'data', producer: 2n },
    { offset: 5, is: 'data' },
    { offset: 6, is: 'abort' },
    { offset: 7, is: 'data' },
  ]
  assert.deepEqual(abortedAmong([[1n, 2]], steps), [2, 5])
})

it('knows several aborts of one producer, with a commit between them, whatever their order in the list', () => {
  const steps: Step[] = [
    { offset: 0, is: 'data' },
    { offset: 1, is: 'abort' },
    { offset: 2, is: 'data' },
    { offset: 3, is: 'commit' },
    { offset: 4, is: 'data' },
    { offset: 5, is: 'abort' },
    { offset: 6, is: 'data' },
  ]
  const listed = [
    [1n, 4],
    [1n, 0],
  ] as const
  assert.deepEqual(abortedAmong(listed, steps), [0, 4])
})

it('makes nothing of a marker whose transaction has no records', () => {
  const steps: Step[] = [
    { offset: 0, is: 'abort' },
    { offset: 1, is: 'data' },
    { offset: 2, is: 'abort' },
    { offset: 3, is: 'abort' },
    { offset: 4, is: 'data' },
  ]
  assert.deepEqual(abortedAmong([[1n, 1]], steps), [1])
})

it('takes a transaction that began before what was fetched for aborted from the start', () => {
  const steps: Step[] = [
    { offset: 500, is: 'data' },
    { offset: 501, is: 'data', producer: 2n },
  ]
  assert.deepEqual(
    abortedAmong(
      [
        [1n, 3],
        [2n, 502],
      ],
      steps,
    ),
    [500],
  )
})
