import type { Broker } from '../broker/broker.ts'

/** The header that says which row of which source a record is: `fingerprint#row`, rows counted from 0. */
export const rowHeader = 'windsock-row'

/** How far back in a partition the newest record of ours is looked for, should others write to the topic as well. */
const lookBackRecords = 1_000

export function rowMark(fingerprint: string, row: number): string {
  return `${fingerprint}#${row}`
}

/**
 * How far a source was published, read from the topic itself: for every partition, the row after the last one that is in it
 * (0 where there is none). A producer sends in order, so of the rows before it exactly those of other partitions may be
 * missing: skipping a row when its own partition has it repeats nothing and loses nothing, wherever the last run died.
 */
export async function findSentRows(
  broker: Broker,
  topic: string,
  fingerprint: string,
  signal: AbortSignal,
): Promise<number[]> {
  const { partitions } = await broker.admin.describeTopic(topic)
  const sent = partitions.map(() => 0)
  const start = new Map(
    partitions.map(({ partition, start: first, end }) => [partition, Math.max(first, end - lookBackRecords)]),
  )
  const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const reader = broker.openReader({ topic, start, until, signal })
  try {
    for await (const { partition, records } of reader) {
      for (const { headers } of records) {
        const mark = headers.get(rowHeader)
        const hash = mark?.lastIndexOf('#') ?? -1
        if (mark === undefined || hash < 0 || mark.slice(0, hash) !== fingerprint) continue
        const row = mark.slice(hash + 1)
        if (/^\d{1,15}$/.test(row)) sent[partition] = Math.max(sent[partition] ?? 0, Number(row) + 1)
      }
    }
  } finally {
    await reader.close()
  }
  return sent
}
