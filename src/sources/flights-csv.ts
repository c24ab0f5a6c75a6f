import { WindsockError } from '../foundation/errors.ts'
import type { Frame } from '../model/frame.ts'
import { flightSchema, type FlightFields } from '../model/flight.ts'
import { openCsvFile, type CsvFile } from './csv-file.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { Source } from './source.ts'

/**
 * Flights from CSV files, one file after the other: the Kaggle set "2015 Flight Delays and Cancellations" or files of
 * the US Bureau of Transportation Statistics, plain, .gz or .zip. Opens every file and reads its header first.
 *
 * @throws WindsockError `file-missing`, `file-unreadable`, or `file-format` naming the columns that a file lacks
 */
export async function createFlightsCsv(files: readonly string[]): Promise<Source<FlightFields>> {
  if (files.length === 0) throw new WindsockError('usage', 'no flights file is given', { hint: 'Give at least one' })
  const opened: CsvFile<FlightFields>[] = []
  for (const file of files) opened.push(await openCsvFile(flightSchema, file, { hintFor: () => hint }))
  const fingerprint = await fingerprintOf('flights-csv', files)
  let bytesRead = 0
  return {
    name: 'flights-csv',
    schema: flightSchema,
    fingerprint,
    bytes: opened.reduce((sum, file) => sum + file.bytes, 0),
    get bytesRead() {
      return bytesRead
    },
    timeOf: flightTime,
    async *observe(signal) {
      bytesRead = 0
      for (const file of opened) {
        yield* file.frames(signal, { onPackedBytes: (bytes) => (bytesRead += bytes) })
        if (signal.aborted) return
      }
    },
  }
}

const hint = 'Give a file with the columns of the Kaggle set or of the Bureau of Transportation Statistics'

const minuteMs = 60_000

/** The scheduled departure on the airport's own clock as if it were UTC; without one the actual, else the day. */
function flightTime(frame: Frame<FlightFields>, index: number): number {
  const cell = (name: keyof FlightFields): number | undefined => {
    const value = frame.cellAt(name, index)
    return typeof value === 'number' ? value : undefined
  }
  const time = cell('scheduledDeparture') ?? cell('departureTime') ?? 0
  const day = Date.UTC(cell('year') ?? 0, (cell('month') ?? 1) - 1, cell('day') ?? 1)
  return day + (Math.floor(time / 100) * 60 + (time % 100)) * minuteMs
}
