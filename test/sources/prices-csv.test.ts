import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { readFileSync } from 'node:fs'
import type { WindsockError } from '../../src/foundation/errors.ts'
import { createPricesCsv, type PricesCsvOptions } from '../../src/sources/prices-csv.ts'
import { describeBars } from './bars.ts'
import { demonstration } from './demonstration-data.ts'
import { fails, framesOf, writeFile } from './written-files.ts'

const running = new AbortController().signal
const header = 'Date,Open,High,Low,Close,Adj Close,Volume'

async function read(files: readonly string[], options?: PricesCsvOptions) {
  return framesOf((await createPricesCsv(files, options)).observe(running))
}

function write(t: TestContext, ...lines: readonly string[]): string {
  return writeFile(t, 'prices.csv', [...lines, ''].join('\n'))
}

const symbols = ['AAPL', 'GOOG', 'IBM', 'MSFT', 'SPY']
const histories = symbols.map((symbol) => demonstration(`prices/${symbol}.csv.gz`))

describe('the demonstration prices', () => {
  it('advance together, day by day, and lose no row', async () => {
    const source = await createPricesCsv(histories)
    const frames = await framesOf(source.observe(running))
    const rows = describeBars(frames)
    assert.equal(rows.length, 2_531 + 2_531 + 1_300 + 1_300 + 2_518)
    assert.deepEqual(rows, rows.toSorted())
    assert.deepEqual(rows.slice(0, 6), [...symbols.map((symbol) => `2008-01-02 ${symbol}`), '2008-01-03 AAPL'])
    assert.equal(source.bytesRead, source.bytes)
    assert.ok(frames.every((frame) => frame.length <= 2_000))
  })

  it('know the file and line of each row', async () => {
    const lines = histories.map((path) => gunzipSync(readFileSync(path)).toString('utf8').split('\n'))
    for (const frame of await read(histories)) {
      for (let i = 0; i < frame.length; i += 97) {
        const line = lines[histories.indexOf(frame.originAt(i))]?.[frame.positionAt(i) - 1]
        assert.ok(line?.startsWith(String(frame.cellAt('date', i))) && line.endsWith(String(frame.cellAt('symbol', i))))
      }
    }
  })

  it('are the same at every call, and have a fingerprint of their own', async () => {
    const source = await createPricesCsv(histories)
    const lengths = async (): Promise<number[]> => (await framesOf(source.observe(running))).map(({ length }) => length)
    assert.deepEqual(await lengths(), await lengths())
    assert.equal((await createPricesCsv(histories)).fingerprint, source.fingerprint)
    assert.notEqual((await createPricesCsv(histories.toReversed())).fingerprint, source.fingerprint)
    assert.notEqual((await createPricesCsv(histories, { label: 'X' })).fingerprint, source.fingerprint)
  })
})

describe('createPricesCsv', () => {
  it('turns a newest-first history round before it is merged', async (t) => {
    const text = gunzipSync(readFileSync(demonstration('prices/IBM.csv.gz'))).toString('utf8')
    const back = text.trimEnd().split('\n')
    const turned = writeFile(t, 'ibm.csv.gz', gzipSync([back[0], ...back.slice(1).toReversed()].join('\n')))
    const straight = describeBars(await read(histories.slice(0, 3)))
    assert.deepEqual(describeBars(await read([...histories.slice(0, 2), turned])), straight)
  })

  it('refuses rows of nulls, grouped digits and other dates, and guesses nothing', async (t) => {
    const [frame] = await read([
      write(
        t,
        `${header},Label`,
        '2015-01-02,1,2,0.5,1.5,1.5,100,A',
        '2015-01-03,null,null,null,null,null,null,A',
        '2015-01-04,1,2,0.5,1.5,1.5,"1,234",A',
        '01/05/2015,1,2,0.5,1.5,1.5,100,A',
        '2015-06-31,1,2,0.5,1.5,1.5,100,A',
        '2015-01-06,1,2,0.5,1.5,1.5,-1,A',
        '2015-01-07,$1,2,0.5,1.5,1.5,100,A',
        '2015-01-08,-1,2,-0.5,1.5,,,A',
      ),
    ])
    assert.deepEqual(describeBars(frame === undefined ? [] : [frame]).slice(-2), ['2015-01-02 A', '2015-01-08 A'])
    assert.deepEqual(
      frame?.refusals.map(({ position, reason }) => `${position} ${reason}`),
      [
        '3 Open: "null" is not a number',
        '4 Volume: "1,234" is not a number of at least 0',
        '5 Date: "01/05/2015" is not a date such as 2015-01-31',
        '6 Date: "2015-06-31" is not a date such as 2015-01-31',
        '7 Volume: "-1" is not a number of at least 0',
        '8 Open: "$1" is not a number',
      ],
    )
  })

  it('takes the symbol from the label where there is one, also over the files own', async (t) => {
    const without = write(t, header, '2015-01-02,1,2,0.5,1.5,1.5,100')
    const having = write(t, `${header},Label`, '2015-01-02,1,2,0.5,1.5,1.5,100,A')
    assert.deepEqual(describeBars(await read([without], { label: 'B' })), ['2015-01-02 B'])
    assert.deepEqual(describeBars(await read([having], { label: 'B' })), ['2015-01-02 B'])
    assert.deepEqual(describeBars(await read([having])), ['2015-01-02 A'])
  })

  it('asks for a label where a file has none', async (t) => {
    const path = write(t, header, '2015-01-02,1,2,0.5,1.5,1.5,100')
    await assert.rejects(createPricesCsv([path]), (error: WindsockError) => {
      assert.equal(error.hint, 'Say which symbol these prices are of with --label SYM')
      return fails('file-format', /^FILE lacks the column Label; it has Date, /, path)(error)
    })
  })

  it('refuses a file without prices, and no files', async (t) => {
    const path = write(t, 'YEAR,Label', '2015,A')
    await assert.rejects(
      createPricesCsv([path]),
      fails('file-format', 'FILE lacks the columns Date, Open, High, Low, Close; it has YEAR, Label', path),
    )
    await assert.rejects(createPricesCsv([]), fails('usage', 'no prices file is given', path))
  })

  it('reads the names of columns with and without spaces and underscores', async (t) => {
    const path = write(
      t,
      'datetime, OPEN ,high,low,close,Adj_Close,volume,ticker',
      '2015-01-02 09:30:00-05:00,1,2,0,1,9,5,A',
    )
    const [frame] = await read([path])
    assert.deepEqual(frame?.cellsAt(0), ['2015-01-02T09:30:00-05:00', '1', '2', '0', '1', '9', '5', 'A'])
  })

  it('stops when the signal aborts, without rows of one file in place of another', async () => {
    const abort = new AbortController()
    const rows: string[] = []
    for await (const frame of (await createPricesCsv(histories)).observe(abort.signal)) {
      rows.push(...describeBars([frame]))
      abort.abort()
    }
    assert.equal(rows.length, 2_000)
  })
})
