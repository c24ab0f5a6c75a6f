import { WindsockError } from '../foundation/errors.ts'
import { barSchema, type BarFields } from '../model/bar.ts'
import type { Frame } from '../model/frame.ts'
import { epochOf } from '../model/value.ts'
import { openCsvFile, type CsvFile } from './csv-file.ts'
import { fingerprintOf } from './fingerprint.ts'
import { mergeByTime } from './merge-by-time.ts'
import { oldestFirst } from './oldest-first.ts'
import type { Source } from './source.ts'

export interface PricesCsvOptions {
  /** The symbol of every row, also where the files have a symbol of their own. */
  readonly label?: string
}

/**
 * Price histories from CSV files with Yahoo's columns, plain, .gz or .zip, one file or one for each symbol. The files
 * are merged by date, so that the symbols advance together; a newest-first file is turned round. Opens every file and
 * reads its header first.
 *
 * @throws WindsockError `file-missing`, `file-unreadable`, or `file-format` naming the columns that a file lacks
 */
export async function createPricesCsv(
  files: readonly string[],
  { label }: PricesCsvOptions = {},
): Promise<Source<BarFields>> {
  if (files.length === 0) throw new WindsockError('usage', 'no prices file is given', { hint: 'Give at least one' })
  const opened: CsvFile<BarFields>[] = []
  for (const file of files) {
    opened.push(
      await openCsvFile(barSchema, file, { hintFor, ...(label !== undefined && { constants: { symbol: label } }) }),
    )
  }
  const fingerprint = await fingerprintOf('prices-csv', files, label === undefined ? [] : [label])
  let bytesRead = 0
  return {
    name: 'prices-csv',
    schema: barSchema,
    fingerprint,
    bytes: opened.reduce((sum, file) => sum + file.bytes, 0),
    get bytesRead() {
      return bytesRead
    },
    timeOf: barTime,
    async *observe(signal) {
      bytesRead = 0
      const hear = { onPackedBytes: (bytes: number) => (bytesRead += bytes) }
      const streams = opened.map((file) => oldestFirst(file, barTime, signal, hear))
      const [only, ...others] = streams
      const merged =
        only !== undefined && others.length === 0 ? only : mergeByTime(barSchema, files.join(', '), streams, barTime)
      for await (const frame of merged) {
        // An aborted file ends early, and the others must not go on without it.
        if (signal.aborted) return
        yield frame
      }
    },
  }
}

function hintFor(missing: readonly string[]): string {
  return missing.length === 1 && missing[0] === barSchema.fields.symbol.column
    ? 'Say which symbol these prices are of with --label SYM'
    : 'Give a file with the columns Date, Open, High, Low and Close'
}

function barTime(frame: Frame<BarFields>, index: number): number | undefined {
  const date = frame.cellAt('date', index)
  return typeof date === 'string' ? epochOf(date) : undefined
}
