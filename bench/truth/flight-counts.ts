import { recordsIn, type PartitionSpan, type Report } from '../engine.ts'

/** Which group the record at each offset belongs to: what the counts of any part of the topic must be. */
export class FlightCounts {
  private readonly groups: string[] = []
  private readonly codes = new Map<string, number>()
  private readonly codesByPartition: number[][]

  constructor(partitions: number) {
    this.codesByPartition = Array.from({ length: partitions }, () => [])
  }

  /** Notes the record that comes next in a partition. */
  add(partition: number, group: string): void {
    let code = this.codes.get(group)
    if (code === undefined) {
      code = this.groups.push(group) - 1
      this.codes.set(group, code)
    }
    this.codesByPartition[partition]?.push(code)
  }

  recordsIn(partition: number): number {
    return this.codesByPartition[partition]?.length ?? 0
  }

  countsOf(spans: readonly PartitionSpan[]): Map<string, number> {
    const counts = new Map<string, number>()
    for (const { partition, from, to } of spans) {
      for (const code of this.codesByPartition[partition]?.slice(from, to) ?? []) {
        const group = this.groups[code] ?? ''
        counts.set(group, (counts.get(group) ?? 0) + 1)
      }
    }
    return counts
  }

  /** Why what the processes counted, added up, is not so; one that decodes nothing has to have read every record. */
  findFault(spans: readonly PartitionSpan[], reports: readonly Report[]): string | undefined {
    const expected = recordsIn(spans)
    const read = reports.reduce((total, { records }) => total + records, 0)
    if (read !== expected) return `read ${read} records of ${expected}`
    if (reports.every(({ counts }) => counts === undefined)) return undefined
    const counted = new Map<string, number>()
    for (const { counts } of reports) {
      for (const [group, count] of Object.entries(counts ?? {})) counted.set(group, (counted.get(group) ?? 0) + count)
    }
    for (const [group, count] of this.countsOf(spans)) {
      if (counted.get(group) !== count) return `${group} has ${counted.get(group) ?? 0} flights instead of ${count}`
      counted.delete(group)
    }
    const [extra] = counted.keys()
    return extra === undefined ? undefined : `${extra} is not in the topic`
  }
}
