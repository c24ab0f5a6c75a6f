import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { planAnalysis } from '../../src/analyses/plan.ts'
import { writeResults } from '../../src/pipelines/results-table.ts'
import { dropStored } from '../../src/pipelines/stored-state.ts'
import { closesOfDay, withPartitions } from '../analyses/regrouped-analyses.ts'
import { bar, brokerWith, computed, live, process, run, tableOn } from './plan-runs.ts'
import { readCommitted, sendTo } from './topic-records.ts'

describe('an analysis of rows sent to the partition of their key', () => {
  const close = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(-0, 5e-324, Number.MAX_VALUE, 13),
  )
  const date = fc.constantFrom('2015-01-05', '2015-01-06', '2015-01-06T09:30:00-05:00', '2015-01-07')
  const anyBar = fc
    .tuple(fc.nat({ max: 1 }), date, fc.constantFrom('A', '__proto__', '\ud800'), close, fc.option(fc.nat()))
    .map((each) => bar(...each))

  it('equals folding those rows in their order, and they are the rows of the input, once and in their order', async () => {
    let killed = 0
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 3 }),
        fc.array(anyBar, { minLength: 1, maxLength: 20 }),
        fc.array(fc.array(process, { minLength: 1, maxLength: 2 }), { maxLength: 4 }),
        async (partitions, records, lives) => {
          const analysis = withPartitions(closesOfDay, partitions)
          const plan = planAnalysis(analysis)
          const broker = await brokerWith(analysis, records)
          for (const together of lives) killed += await live(broker, plan, together)
          await run(broker, plan)

          const sent = await readCommitted(broker, 'closes-of-day-repartition')
          const perPartition = Array.from({ length: partitions }, (_, partition) =>
            computed(
              analysis,
              sent
                .filter((each) => each.partition === partition)
                .map(({ value }) => `${value?.replace('{', '{"Open":1,"High":1,"Low":1,')}`),
            ),
          )
          assert.equal(await tableOn(broker, analysis), writeResults(analysis, perPartition.flat(), 'json'))

          for (const day of new Set(records.map(({ value }) => JSON.parse(String(value)).Date))) {
            for (let from = 0; from < partitions; from++) {
              const before = records.filter(({ partition }) => partition === from).map(({ value }) => value)
              const after = sent.flatMap(({ value }) => (JSON.parse(value ?? '').from.partition === from ? value : []))
              const isOfDay = (row: readonly unknown[]): boolean => row[0] === day
              assert.deepEqual(after.map(cellsOf).filter(isOfDay), before.map(cellsOf).filter(isOfDay))
            }
          }
        },
      ),
      { numRuns: 30 },
    )
    assert.ok(killed > 20, `${killed} were killed`)
  })

  it('is not computed again behind a damaged first stage, whose rows would come twice', async () => {
    const analysis = withPartitions(closesOfDay, 2)
    const broker = await brokerWith(analysis, [bar(0, '2015-01-05', 'A', 1, null)])
    const plan = planAnalysis(analysis)
    await run(broker, plan)
    await sendTo(broker, 'closes-of-day-repartition-state', { key: '[]', value: '{}', partition: 0 })
    await assert.rejects(run(broker, plan), { code: 'state-damaged', message: /the same rows twice/, hint: /--fresh/ })
    await dropStored(broker, analysis.group)
    await run(broker, plan)
    assert.equal((await readCommitted(broker, 'closes-of-day-repartition')).length, 1)
  })
})

/** The cells of a bar as the analysis reads them, every bit of them. */
function cellsOf(value: unknown): unknown[] {
  const { Date: date, Label, Close, Volume = null } = JSON.parse(String(value))
  return [date, Label, Number(Close), Volume]
}
