import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { zipSync } from 'fflate'
import { flightSchema } from '../../src/model/flight.ts'
import { createFrame, type Frame } from '../../src/model/frame.ts'
import { decodeMessage, encodeRow } from '../../src/model/message.ts'
import { createFlightsCsv } from '../../src/sources/flights-csv.ts'
import { demonstration, shared, threeDays } from './demonstration-data.ts'
import { fails, framesOf, writeFile } from './written-files.ts'

const running = new AbortController().signal

async function read(files: readonly string[]): Promise<Frame[]> {
  return framesOf((await createFlightsCsv(files)).observe(running))
}

function countBy(frames: readonly Frame[], field: string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const frame of frames) {
    for (let i = 0; i < frame.length; i++) {
      const key = String(frame.cellAt(field, i))
      counts[key] = (counts[key] ?? 0) + 1
    }
  }
  return counts
}

describe('the demonstration flights', () => {
  it('are the 46,125 flights of three days, with 1,054 cancelled ones', async () => {
    const frames = await read([threeDays])
    assert.deepEqual(countBy(frames, 'day'), { 1: 13_950, 2: 16_741, 3: 15_434 })
    assert.deepEqual(countBy(frames, 'cancelled'), { 0: 45_071, 1: 1_054 })
    assert.equal(countBy(frames, 'diverted')[1], 101)
    assert.equal(Object.keys(countBy(frames, 'airline')).length, 14)
    assert.equal(frames.flatMap((frame) => frame.refusals).length, 0)
  })

  it('come back byte for byte from cells to records, messages, frames and cells again', async () => {
    const lines = gunzipSync(readFileSync(threeDays)).toString('utf8').trimEnd().split('\n')
    const [header = '', ...rows] = lines
    assert.equal(
      header,
      Object.values(flightSchema.fields)
        .map(({ column }) => column)
        .join(','),
    )
    const timesOfDay = ['departureTime', 'wheelsOff', 'wheelsOn', 'arrivalTime'] as const
    let at = 0
    let endsOfDay = 0
    for (const frame of await read([threeDays])) {
      const received = createFrame(flightSchema, 'topic', frame.length)
      for (let i = 0; i < frame.length; i++) {
        assert.equal(frame.positionAt(i), at + i + 2)
        decodeMessage(received, encodeRow(frame, i, 1_420_070_400.5), i)
      }
      assert.equal(received.length, frame.length)
      for (let i = 0; i < frame.length; i++) {
        const row = rows[at++]
        assert.equal(received.cellsAt(i).join(','), row)
        endsOfDay += timesOfDay.filter((name) => received.cellAt(name, i) === 2400).length
      }
    }
    assert.equal(at, 46_125)
    assert.equal(endsOfDay, 50)
  })

  it('are the files that data/README.md tells of', () => {
    const readme = readFileSync(demonstration('README.md'), 'utf8')
    const files = [...readme.matchAll(/^\| (\S+) \| (\d+) \| (\d+) \| \S+ \| \S+ \| ([0-9a-f]{64}) \|$/gm)]
    assert.equal(files.length, 7)
    for (const [, name = '', rows, bytes, hash] of files) {
      const content = readFileSync(demonstration(name))
      const text = name.endsWith('.gz') ? gunzipSync(content) : content
      assert.equal(createHash('sha256').update(content).digest('hex'), hash, name)
      assert.equal(content.length, Number(bytes), name)
      assert.equal(text.toString('utf8').trimEnd().split('\n').length - 1, Number(rows), name)
    }
  })
})

const prezipped = `"Year","Quarter","Month","DayofMonth","DayOfWeek","FlightDate","Reporting_Airline","DOT_ID_Reporting_Airline","IATA_CODE_Reporting_Airline","Tail_Number","Flight_Number_Reporting_Airline","OriginAirportID","Origin","OriginCityName","DestAirportID","Dest","DestCityName","CRSDepTime","DepTime","DepDelay","DepDelayMinutes","TaxiOut","WheelsOff","WheelsOn","TaxiIn","CRSArrTime","ArrTime","ArrDelay","Cancelled","CancellationCode","Diverted","CRSElapsedTime","ActualElapsedTime","AirTime","Flights","Distance","CarrierDelay","WeatherDelay","NASDelay","SecurityDelay","LateAircraftDelay","Div1Airport",
2015,1,1,31,6,2015-01-31,"AS",19930,"AS","N407AS","98",10299,"ANC","Anchorage, AK",14747,"SEA","Seattle, WA","0005","2400","-5.00","0.00","21.00","0015","0404","4.00","0430","0408","-22.00","0.00","","0.00","205.00","194.00","169.00","1.00","1448.00","","","","","","",
`

const selected = `YEAR,MONTH,DAY_OF_MONTH,DAY_OF_WEEK,FL_DATE,OP_UNIQUE_CARRIER,OP_CARRIER,TAIL_NUM,OP_CARRIER_FL_NUM,ORIGIN,DEST,CRS_DEP_TIME,DEP_TIME,DEP_DELAY,TAXI_OUT,WHEELS_OFF,WHEELS_ON,TAXI_IN,CRS_ARR_TIME,ARR_TIME,ARR_DELAY,CANCELLED,CANCELLATION_CODE,DIVERTED,CRS_ELAPSED_TIME,ACTUAL_ELAPSED_TIME,AIR_TIME,DISTANCE,CARRIER_DELAY,WEATHER_DELAY,NAS_DELAY,SECURITY_DELAY,LATE_AIRCRAFT_DELAY
2015,1,31,6,1/31/2015 12:00:00 AM,AS,XX,N407AS,98,ANC,SEA,0005,2400,-5.00,21.00,0015,0404,4.00,0430,0408,-22.00,0.00,,0.00,205.00,194.00,169.00,1448.00,,,,,
`

const before2018 = selected
  .replace('OP_UNIQUE_CARRIER', 'UNIQUE_CARRIER')
  .replace('OP_CARRIER_FL_NUM', 'FL_NUM')
  .replace('OP_CARRIER', 'CARRIER')

const expected = '2015,1,31,6,AS,98,N407AS,ANC,SEA,0005,2400,-5,21,0015,205,194,169,1448,0404,4,0430,0408,-22,0,0,,,,,,'

describe('flights of the Bureau of Transportation Statistics', () => {
  for (const [form, text] of Object.entries({ prezipped, selected, before2018 })) {
    it(`give the same rows as the Kaggle set: ${form}`, async (t) => {
      const zip = writeFile(
        t,
        'On_Time.zip',
        zipSync({ 'readme.html': Buffer.from('<p>'), 'On_Time.csv': Buffer.from(text) }),
      )
      const [frame] = await read([zip])
      assert.deepEqual(frame?.refusals, [])
      assert.equal(frame?.cellsAt(0).join(','), expected)
      assert.equal(frame?.positionAt(0), 2)
    })
  }
})

function writeFlights(t: TestContext, ...rows: readonly string[]): string {
  const header = 'YEAR,MONTH,DAY,AIRLINE,SCHEDULED_DEPARTURE,DEPARTURE_TIME,DEPARTURE_DELAY'
  return writeFile(t, 'flights.csv', [header, ...rows, ''].join('\n'))
}

describe('createFlightsCsv', () => {
  it('refuses what no flight can be, line by line, and keeps the rest', async (t) => {
    const [frame] = await read([
      writeFlights(
        t,
        '2015,1,1,AA,0005,2400,-1',
        '2015,1,32,AA,0005,0006,1',
        '2015,6,31,AA,0005,0006,1',
        '2015,2,29,AA,0005,0006,1',
        '2015,1,1,AA,2460,0006,1',
        '2015,1,1,AA,2401,0006,1',
        '2015,1,1,AA,0005,0006,late',
        '2015,1,1,,0005,0006,1',
        '2015,1,1,AA,0005',
        '2016,2,29,AA,,,',
      ),
    ])
    assert.equal(frame?.length, 2)
    assert.deepEqual(
      frame?.refusals.map(({ position, reason }) => `${position} ${reason}`),
      [
        '3 DAY: "32" is not a whole number from 1 to 31',
        '4 the calendar has no day 2015-6-31',
        '5 the calendar has no day 2015-2-29',
        '6 SCHEDULED_DEPARTURE: "2460" is not a time of day from 0000 to 2400',
        '7 SCHEDULED_DEPARTURE: "2401" is not a time of day from 0000 to 2400',
        '8 DEPARTURE_DELAY: "late" is not a number',
        '9 AIRLINE is empty',
        '10 the row has 5 cells where the header has 7',
      ],
    )
  })

  it('takes the scheduled departure as the time of a flight, then the actual one, then the day', async (t) => {
    const source = await createFlightsCsv([
      writeFlights(t, '2015,1,2,AA,0905,0910,5', '2015,1,2,AA,,2400,', '2015,1,2,AA,,,'),
    ])
    const [frame] = await framesOf(source.observe(running))
    const times = [0, 1, 2].map((i) => frame && new Date(source.timeOf(frame, i) ?? NaN).toISOString())
    assert.deepEqual(times, ['2015-01-02T09:05:00.000Z', '2015-01-03T00:00:00.000Z', '2015-01-02T00:00:00.000Z'])
  })

  it('reads several files one after the other, and tells how far it is', async (t) => {
    const first = writeFlights(t, '2015,1,2,AA,,,')
    const second = writeFlights(t, '2015,1,1,AA,,,')
    const source = await createFlightsCsv([first, second])
    assert.equal(source.bytesRead, 0)
    for (let turn = 0; turn < 2; turn++) {
      const frames = await framesOf(source.observe(running))
      assert.deepEqual(
        frames.map(({ origin, length }) => [origin, length]),
        [
          [first, 1],
          [second, 1],
        ],
      )
      assert.equal(source.bytesRead, source.bytes)
    }
  })

  it('stops between files when the signal aborts', async (t) => {
    const source = await createFlightsCsv([writeFlights(t, '2015,1,2,AA,,,'), writeFlights(t, '2015,1,1,AA,,,')])
    const abort = new AbortController()
    let frames = 0
    for await (const frame of source.observe(abort.signal)) {
      frames += frame.length
      abort.abort()
    }
    assert.equal(frames, 1)
  })

  it('refuses a file without the columns of a flight before anything is read', async (t) => {
    const good = writeFlights(t, '2015,1,2,AA,,,')
    const bad = writeFile(t, 'prices.csv', 'Date,Open\n2015-01-01,3\n')
    await assert.rejects(
      createFlightsCsv([good, bad]),
      fails('file-format', 'FILE lacks the columns YEAR, MONTH, DAY, AIRLINE; it has Date, Open', bad),
    )
    await assert.rejects(createFlightsCsv([]), fails('usage', 'no flights file is given', bad))
  })

  const sixYears = shared('flights-faa-2000-2005/flights.csv.gz')
  it('reads 344,827 flights of six years without a refusal', { skip: sixYears.skip }, async () => {
    const frames = await read([sixYears.path])
    assert.equal(
      frames.reduce((sum, { length, refusals }) => sum + length + 1e9 * refusals.length, 0),
      344_827,
    )
    assert.equal(Object.keys(countBy(frames, 'airline')).length, 15)
  })
})
