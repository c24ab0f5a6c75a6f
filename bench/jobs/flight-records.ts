import { fileURLToPath } from 'node:url'
import { encodeRow } from '../../src/model/message.ts'
import { createFlightsCsv } from '../../src/sources/flights-csv.ts'

const file = fileURLToPath(new URL('../../data/flights-2015-01-01-to-03.csv.gz', import.meta.url))

/** The days that records are spread over, all in January 2015. */
const days = 30

/** A flight as it goes to a topic, and the group it is counted in. */
export interface FlightRecord {
  readonly airline: string
  /** `AA 2015-01-31` */
  readonly group: string
  readonly value: string
}

/** Any number of flights out of the committed ones: the file again and again, three days later each time. */
export interface FlightRecords {
  at(index: number): FlightRecord
}

interface Row {
  readonly airline: string
  readonly day: number
  /** The message before and behind the number of the day. */
  readonly start: string
  readonly end: string
}

/** Reads the committed file and encodes its rows as `windsock publish` would. */
export async function readFlightRecords(): Promise<FlightRecords> {
  const rows: Row[] = []
  const source = await createFlightsCsv([file])
  for await (const frame of source.observe(new AbortController().signal)) {
    for (let index = 0; index < frame.length; index++) {
      const { airline, day } = frame.rowAt(index)
      const [start, end] = splitAtDay(encodeRow(frame, index, 1_420_070_400.123))
      rows.push({ airline, day, start, end })
    }
  }
  return {
    at(index) {
      const row = rows[index % rows.length]
      if (row === undefined) throw new Error(`${file} has no rows`)
      const day = ((row.day - 1 + 3 * Math.floor(index / rows.length)) % days) + 1
      const group = `${row.airline} 2015-01-${String(day).padStart(2, '0')}`
      return { airline: row.airline, group, value: row.start + String(day) + row.end }
    },
  }
}

function splitAtDay(message: string): [start: string, end: string] {
  const found = /^(\{"YEAR":2015,"MONTH":1,"DAY":)\d+(,.*)$/.exec(message)
  if (found === null) throw new Error(`the encoder's form has changed: ${message.slice(0, 80)}`)
  return [found[1] ?? '', found[2] ?? '']
}
