import { describeError } from '../src/foundation/errors.ts'
import type { PartName } from './options.ts'

/** A part of the bench that was to be measured and was not. */
export interface FailedPart {
  readonly part: PartName
  readonly reason: string
}

/** Measures one part after another: one that cannot be measured is named, and does not cost the figures of the others. */
export class Attempts {
  readonly failed: FailedPart[] = []
  private readonly signal: AbortSignal
  private readonly say: (line: string) => void

  /** @param signal once it has aborted, nothing is begun any more */
  constructor(signal: AbortSignal, say: (line: string) => void) {
    this.signal = signal
    this.say = say
  }

  /** Runs something, and fails each of these parts when it fails. */
  async at<Made>(parts: readonly PartName[], measure: () => Promise<Made>): Promise<Made | undefined> {
    try {
      this.signal.throwIfAborted()
      return await measure()
    } catch (error) {
      const reason = describeError(this.signal.aborted ? this.signal.reason : error)
      for (const part of parts) this.failed.push({ part, reason })
      this.say(`not measured, ${parts.join(' and ')}: ${reason}`)
      return undefined
    }
  }

  /** All rows of a part, or when it fails those that were there before. */
  async rowsOf<Row>(part: PartName, measure: () => AsyncIterable<Row> | Promise<Row[]>): Promise<Row[]> {
    const rows: Row[] = []
    await this.at([part], async () => {
      const measured = measure()
      for await (const row of Symbol.asyncIterator in measured ? measured : await measured) rows.push(row)
    })
    return rows
  }
}
