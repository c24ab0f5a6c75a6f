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
  /** By day of the month: the same texts again and again, since there are millions of records. */
  readonly groups: readonly string[]
  /** The message before and behind the number of the day. */
  readonly start: string
  readonly end: string
}

/** Reads the committed file and encodes its rows as `windsock publish` would. */
export async function readFlightRecords(): Promise<FlightRecords> {
  const rows: Row[] = []
  const groups = new Map<string, string[]>()
  const source = await createFlightsCsv([file])
  for await (const frame of source.observe(new AbortController().signal)) {
    for (let index = 0; index < frame.length; index++) {
      const { airline, day } = frame.rowAt(index)
      const [start, end] = splitAtDay(encodeRow(frame, index, 1_420_070_400.123))
      if (!groups.has(airline)) groups.set(airline, groupsOf(airline))
      rows.push({ airline, day, groups: groups.get(airline) ?? [], start, end })
    }
  }
  return {
    at(index) {
      const row = rows[index % rows.length]
      if (row === undefined) throw new Error(`${file} has no rows`)
      const day = ((row.day - 1 + 3 * Math.floor(index / rows.length)) % days) + 1
      return { airline: row.airline, group: row.groups[day] ?? '', value: row.start + String(day) + row.end }
    },
  }
}

function groupsOf(airline: string): string[] {
  return Array.from({ length: days + 1 }, (_, day) => `${airline} 2015-01-${String(day).padStart(2, '0')}`)
}

function splitAtDay(message: string): [start: string, end: string] {
  const found = /^(\{"YEAR":2015,"MONTH":1,"DAY":)\d+(,.*)$/.exec(message)
  if (found === null) throw new Error(`the encoder's form has changed: ${message.slice(0, 80)}`)
  return [found[1] ?? '', found[2] ?? '']
}
