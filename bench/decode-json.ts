/**
 * What decoding JSON messages costs, by scanner and by what they look like, beside JSON.parse: flights as `windsock publish`
 * sends them, and bars with prices as yfinance gives them. All in one run, the ways taken in turns; the processor's
 * time of this thread, the best of the rounds.
 *
 *   node scripts/run.mjs bench/decode-json.ts [--rounds N]
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type JsonDecoderOptions, openDecoder } from '../src/codecs/json/json-codec.ts'
import { type BarFields, barSchema } from '../src/model/bar.ts'
import { type FlightFields, flightSchema } from '../src/model/flight.ts'
import { createFrame } from '../src/model/frame.ts'
import { decodeMessage, encodeRow, textOfMessage } from '../src/model/message.ts'
import type { PackedRecords, RecordMemory } from '../src/model/packed-records.ts'
import type { Fields } from '../src/model/schema.ts'
import { createFlightsCsv } from '../src/sources/flights-csv.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } })
/** About 1 MiB of messages, as a fetch brings them, is decoded so often so that one measurement is some tens of milliseconds. */
const recordsEach = 100_000

interface Way {
  readonly name: string
  readonly bytesPerRecord: number
  /** Decodes all messages and returns how many there were. */
  run(): number
}

const ways = [...(await flightWays()), ...barWays()]
const best = ways.map(() => Infinity)
for (let round = 0; round <= Number(values.rounds); round++) {
  for (const [index, way] of ways.entries()) {
    const start = process.threadCpuUsage()
    const records = way.run()
    const { user, system } = process.threadCpuUsage(start)
    const microseconds = (user + system) / records
    if (round > 0) best[index] = Math.min(best[index] ?? Infinity, microseconds)
  }
}
for (const [index, { name, bytesPerRecord }] of ways.entries()) {
  const microseconds = best[index] ?? 0
  const rate = bytesPerRecord / microseconds / 1_000
  console.log(`${name.padEnd(72)} ${microseconds.toFixed(3)} µs a record, ${rate.toFixed(2)} GB/s`)
}

async function flightWays(): Promise<Way[]> {
  const source = await createFlightsCsv([join(root, 'data/flights-2015-01-01-to-03.csv.gz')])
  const all: string[] = []
  for await (const frame of source.observe(new AbortController().signal)) {
    for (let i = 0; i < frame.length; i++) all.push(encodeRow(frame, i, 1_420_070_400.25 + all.length / 64))
  }
  const messages = all.filter((_, i) => i % Math.floor(all.length / 1_600) === 0)
  const few: JsonDecoderOptions<FlightFields> = { schema: flightSchema, reads: ['airline', 'year', 'month', 'day'] }
  const strange = messages.map((text, i) => shuffled(text, i))
  const arrays = messages.flatMap((_, i) => (i % 100 === 0 ? [`[${messages.slice(i, i + 100).join(',')}]`] : []))
  return [
    decoding('flights, in place', messages, few, { inPlace: true }),
    decoding('flights, copied', messages, few, {}),
    decoding('flights, early-stop, in place', messages, { ...few, mode: 'early-stop' }, { inPlace: true }),
    decoding('flights, arrays of 100', arrays, few, { records: messages.length }),
    decoding('flights, spaces as Python writes them', messages.map(spaced), few, {}),
    decoding('flights, another key order in each: general scanner', strange, few, {}),
    decoding('flights, JavaScript', messages, { ...few, scanner: 'script' }, {}),
    decoding('flights, another key order in each, JavaScript', strange, { ...few, scanner: 'script' }, {}),
    decoding('flights, all 31 columns', messages, { ...few, reads: allOf(flightSchema.fields) }, {}),
    parsing('flights, JSON.parse', messages, few),
  ]
}

function barWays(): Way[] {
  const messages = Array.from({ length: 4_000 }, (_, i) => {
    const price = (): number => 57.24571228027344 * (1 + ((i * 7_919) % 1_000) / 997)
    const date = new Date(Date.UTC(2008, 0, 1 + Math.floor(i / 40))).toISOString().slice(0, 10)
    const volume = 1_000_000 + i * 100
    const numbers = { Open: price(), High: price() + 1, Low: price() - 1, Close: price(), 'Adj Close': price() }
    return JSON.stringify({ Date: date, ...numbers, Volume: volume, Label: `SYM${i % 40}`, ts: 1.5e9 + i / 64 })
  })
  const close: JsonDecoderOptions<BarFields> = { schema: barSchema, reads: ['symbol', 'date', 'close'] }
  const range: JsonDecoderOptions<BarFields> = { schema: barSchema, reads: ['symbol', 'date', 'high', 'low'] }
  return [
    decoding('bars, symbol, date, close, in place', messages, close, { inPlace: true }),
    decoding('bars, symbol, date, high, low, in place', messages, range, { inPlace: true }),
    decoding('bars, symbol, date, close, JavaScript', messages, { ...close, scanner: 'script' }, {}),
    parsing('bars, symbol, date, close, JSON.parse', messages, close),
  ]
}

function decoding<F extends Fields>(
  name: string,
  messages: readonly string[],
  options: JsonDecoderOptions<F>,
  { inPlace = false, records = messages.length }: { readonly inPlace?: boolean; readonly records?: number },
): Way {
  const decoder = openDecoder(options)
  const packed = pack(messages, inPlace ? decoder.memory : undefined)
  const times = Math.ceil(recordsEach / records)
  return {
    name,
    bytesPerRecord: packed.bytes.length / records,
    run() {
      let rows = 0
      for (let i = 0; i < times; i++) {
        for (const frame of decoder.decode(packed, 'flights/0')) rows += frame.length
      }
      if (rows !== times * records) throw new Error(`${name}: ${rows} rows instead of ${times * records}`)
      return rows
    },
  }
}

function parsing<F extends Fields>(
  name: string,
  messages: readonly string[],
  { schema, reads }: JsonDecoderOptions<F>,
): Way {
  const { bytes, spans, length } = pack(messages)
  return {
    name,
    bytesPerRecord: bytes.length / length,
    run() {
      const frame = createFrame(schema, 'flights/0', length, reads)
      for (let i = 0; i < length; i++) {
        decodeMessage(frame, textOfMessage(bytes.subarray(spans[4 * i + 2], spans[4 * i + 3])), i)
      }
      return frame.length
    },
  }
}

/** As a reader hands them over, with some bytes between two of them. */
function pack(messages: readonly string[], memory?: RecordMemory): PackedRecords {
  const between = 12
  const total = messages.reduce((sum, text) => sum + Buffer.byteLength(text) + between, 0)
  const bytes = memory?.take(total) ?? new Uint8Array(total)
  const spans = new Int32Array(4 * messages.length)
  let at = 0
  messages.forEach((text, i) => {
    at += between
    const value = Buffer.from(text)
    bytes.set(value, at)
    spans.set([-1, -1, at, (at += value.length)], 4 * i)
  })
  const offsets = Float64Array.from(messages, (_, i) => i)
  return { length: messages.length, bytes, offsets, timestamps: offsets, spans }
}

/** The members in an order of their own for each record. */
function shuffled(text: string, seed: number): string {
  const members = Object.entries<unknown>(JSON.parse(text))
  const place = (name: string): number => Math.imul(seed + name.length * 97 + name.charCodeAt(0), 0x9e3779b1) >>> 0
  return JSON.stringify(Object.fromEntries(members.toSorted(([a], [b]) => place(a) - place(b))))
}

function spaced(text: string): string {
  return text.replaceAll(',"', ', "').replaceAll('":', '": ')
}

function allOf<F extends Fields>(fields: F): (keyof F & string)[] {
  return Object.keys(fields)
}
