import type { ChosenAnalysis } from '../analyses/all.ts'
import type { Result } from '../analyses/analysis.ts'
import { RecordWriter } from '../codecs/json/record-writer.ts'
import { jsonOf, quote } from '../model/json-text.ts'
import type { PackedOutgoing } from '../model/packed-records.ts'
import { partitionOf } from '../model/partition.ts'
import type { ResultSink } from './folding.ts'

/** The key of a result, as it is on the result topic: its key columns as a JSON array. */
export function keyOf(columns: readonly string[], result: Result): string {
  let json = ''
  for (const column of columns) json += `${json === '' ? '' : ','}${jsonOf(result[column] ?? NaN)}`
  return `[${json}]`
}

/** Where results come from: a partition, and when the newest record behind them was sent. */
export interface ResultsOrigin {
  readonly topic: string
  readonly partition: number
  /** Milliseconds since the epoch. */
  readonly sentAt: number | null
}

/**
 * Writes results as they are on the result topic: the result's columns, when the newest record behind it was sent, and which
 * record changed it last. One does for all partitions of an analysis, one after the other.
 */
export class ResultWriter implements ResultSink {
  private readonly analysis: ChosenAnalysis
  private readonly writer: RecordWriter
  private origin: ResultsOrigin | undefined
  private deliver: (records: PackedOutgoing) => void = () => {}

  constructor(analysis: ChosenAnalysis) {
    this.analysis = analysis
    const { columns, key } = analysis.emits
    this.writer = new RecordWriter({ columns, key }, (records) => this.deliver(records))
  }

  /**
   * Begins with results of this origin.
   *
   * @param deliver takes the records as they get ready, until `end` has returned; they are valid until it returns
   */
  begin(origin: ResultsOrigin, deliver: (records: PackedOutgoing) => void): void {
    const { topic, partition, sentAt } = origin
    const known = this.origin
    if (known?.topic !== topic || known.partition !== partition || known.sentAt !== sentAt) {
      this.origin = origin
      this.writer.endValuesWith(`"sentAt":${sentAt},"from":{"topic":${quote(topic)},"partition":${partition},"offset":`)
    }
    this.deliver = deliver // what was put before belongs to the one before
  }

  put(result: Result, _origin: string, position: number): void {
    const { emits, output } = this.analysis
    const into = emits.partitionBy === undefined ? undefined : keyOf(emits.partitionBy, result)
    this.writer.put(result, position, into === undefined ? 0 : partitionOf(into, output.partitions))
  }

  /** Everything that was put is delivered when this returns. */
  end(): void {
    this.writer.flush()
  }
}
