import type { Admin, TopicDescription } from '../broker/broker.ts'
import { WindsockError } from '../foundation/errors.ts'
import type { TopicView } from '../model/live.ts'

interface Reading {
  readonly at: number
  readonly partitions: number
  readonly records: number
  readonly ends: number
  readonly recordsPerSecond: number
}

/** How many records topics hold and how fast they grow, from their offsets alone. */
export class TopicMeter {
  private readonly names: readonly string[]
  private readonly readings = new Map<string, Reading>()

  constructor(names: readonly string[]) {
    this.names = names
  }

  /** @throws WindsockError when the broker does not answer; topics that are not there are left out */
  async read(admin: Admin, now: number): Promise<void> {
    for (const name of this.names) {
      const found = await describeIfThere(admin, name)
      if (found === undefined) {
        this.readings.delete(name)
        continue
      }
      let records = 0
      let ends = 0
      for (const { start, end } of found.partitions) {
        records += end - start
        ends += end
      }
      const last = this.readings.get(name)
      const seconds = last === undefined ? 0 : (now - last.at) / 1000
      const recordsPerSecond = last === undefined || seconds <= 0 ? 0 : Math.max(0, ends - last.ends) / seconds
      this.readings.set(name, { at: now, partitions: found.partitions.length, records, ends, recordsPerSecond })
    }
  }

  views(newestSentAt: ReadonlyMap<string, number | null>): TopicView[] {
    return [...this.readings].map(([name, { partitions, records, recordsPerSecond }]) => ({
      name,
      partitions,
      records,
      recordsPerSecond,
      newestSentAt: newestSentAt.get(name) ?? null,
    }))
  }
}

async function describeIfThere(admin: Admin, name: string): Promise<TopicDescription | undefined> {
  try {
    return await admin.describeTopic(name)
  } catch (error) {
    if (error instanceof WindsockError && error.code === 'topic-missing') return undefined
    throw error
  }
}
