import type { Bench } from '../bench.ts'
import type { PartitionSpan } from '../engine.ts'
import { recordsIn } from '../engine.ts'
import { windsock } from '../engines/windsock.ts'
import type { PreparedJob } from '../jobs/job.ts'
import { significant } from '../percentiles.ts'
import { type JobRow, type Round, toJobRow } from '../report.ts'
import { prepareEngine, runRound } from '../run-job.ts'

/** The same topic read as far as a quarter, as a whole, and its last quarter only. */
export interface LinearityRow extends JobRow {
  readonly part: 'first-quarter' | 'whole' | 'last-quarter'
  readonly records: number
  /** CPU a record against the first quarter's: 1 where cost is linear and history costs nothing. */
  readonly cost: number | null
}

/**
 * Whether a record costs the same in a topic four times as long, and behind a long history. Each process has drained the first
 * quarter before: what it costs to compile the code is no cost of a record.
 */
export async function measureLinearity(bench: Bench, job: PreparedJob): Promise<LinearityRow[]> {
  const warmUp = shorten(job.spans, ({ to }) => ({ to: Math.floor(to / 4) }))
  const parts = [
    { part: 'first-quarter', spans: warmUp },
    { part: 'whole', spans: job.spans },
    { part: 'last-quarter', spans: shorten(job.spans, ({ to }) => ({ from: to - Math.floor(to / 4) })) },
  ] as const
  const variant = { mode: 'checked', processes: 1 }
  const launcher = await prepareEngine(bench, windsock)
  if (typeof launcher === 'string') throw new Error(launcher)
  const rounds = parts.map((): Round[] => [])
  for (let round = 1; round <= bench.rounds; round++) {
    for (const [index, { spans }] of parts.entries()) {
      rounds[index]?.push(await runRound(bench, job, { engine: windsock, variant, launcher }, { spans, warmUp }))
    }
    bench.place.say(`linearity, round ${round} of ${bench.rounds}`)
  }
  const rows = parts.map(({ part, spans }, index) => ({
    part,
    records: recordsIn(spans),
    ...toJobRow('windsock', variant, rounds[index] ?? []),
  }))
  const base = rows[0]?.cpuSecondsPerMillion ?? Number.NaN
  return rows.map((row) => {
    const cost = (row.cpuSecondsPerMillion ?? Number.NaN) / base
    return { ...row, cost: Number.isFinite(cost) ? significant(cost) : null }
  })
}

function shorten(
  spans: readonly PartitionSpan[],
  change: (span: PartitionSpan) => Partial<PartitionSpan>,
): PartitionSpan[] {
  return spans.map((span) => ({ ...span, ...change(span) })).filter(({ from, to }) => to > from)
}
