import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { recompute } from '../../../src/cli/commands/recompute.ts'
import { flightsFile, flightsRows, pricesFile, runCommand } from '../../support/run-windsock.ts'
import { runHere } from '../run-here.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-recompute-'))
after(() => rmSync(folder, { recursive: true }))

const aapl = ['--file', pricesFile('AAPL')]
const aaplRows = 2_531

async function rowsOf(...args: string[]): Promise<Readonly<Record<string, unknown>>[]> {
  const { printed } = await runHere(recompute, args)
  const rows: Record<string, unknown>[] = JSON.parse(printed)
  return rows
}

describe('windsock recompute', () => {
  it('counts every flight of the committed days, sorted by airline and day', async () => {
    const { printed, said } = await runHere(recompute, ['flights-per-day', '--file', flightsFile])
    assert.equal(said, '')
    assert.ok(
      printed.startsWith('[{"airline":"AA","day":"2015-01-01","flights":1473},\n{"airline":"AA","day":"2015-01-02",'),
    )
    assert.ok(printed.endsWith('}]\n'))
    const rows: { airline: string; day: string; flights: number }[] = JSON.parse(printed)
    assert.equal(rows.length, 42)
    assert.equal(
      rows.reduce((sum, { flights }) => sum + flights, 0),
      flightsRows,
    )
    const keys = rows.map(({ airline, day }) => `${airline} ${day}`)
    assert.deepEqual(keys, keys.toSorted())
  })

  it('prints the same as CSV', async () => {
    const { printed } = await runHere(recompute, ['flights-per-day', '--file', flightsFile, '--format', 'csv'])
    const lines = printed.split('\n')
    assert.deepEqual(lines.slice(0, 2), ['airline,day,flights', 'AA,2015-01-01,1473'])
    assert.deepEqual([lines.length, lines.at(-1)], [44, ''])
  })

  it('gives a band from the twentieth bar on', async () => {
    const rows = await rowsOf('bollinger', ...aapl)
    assert.equal(rows.length, aaplRows - 19)
    assert.deepEqual(Object.keys(rows[0] ?? {}), ['symbol', 'date', 'close', 'middle', 'upper', 'lower'])
    assert.ok(
      rows.every(
        ({ symbol, lower, middle, upper }) =>
          symbol === 'AAPL' && Number(lower) <= Number(middle) && Number(middle) <= Number(upper),
      ),
    )
  })

  it('gives an oscillator from the bar after the period on', async () => {
    const rows = await rowsOf('aroon', ...aapl)
    assert.equal(rows.length, aaplRows - 14)
    assert.deepEqual(Object.keys(rows[0] ?? {}), ['symbol', 'date', 'up', 'down', 'oscillator'])
    assert.ok(rows.every(({ up, down, oscillator }) => oscillator === Number(up) - Number(down)))
  })

  it('takes other settings', async () => {
    assert.equal((await rowsOf('aroon', ...aapl, '--set', 'period=25')).length, aaplRows - 25)
    const [wide] = await rowsOf('bollinger', ...aapl, '--set', 'deviations=2.5')
    const [usual] = await rowsOf('bollinger', ...aapl)
    assert.equal(wide?.['middle'], usual?.['middle'])
    assert.ok(Number(wide?.['upper']) > Number(usual?.['upper']))
  })

  it('gives a file without symbols the one that is named', async () => {
    const file = join(folder, 'history.csv')
    const days = Array.from({ length: 15 }, (_, day) => `2020-01-${String(day + 1).padStart(2, '0')},1,2,0,1`)
    writeFileSync(file, ['Date,Open,High,Low,Close', ...days, ''].join('\n'))
    const [row] = await rowsOf('aroon', '--file', file, '--label', 'XY')
    assert.equal(row?.['symbol'], 'XY')
    await assert.rejects(runHere(recompute, ['aroon', '--file', file]), { code: 'file-format', message: /Label/ })
  })

  it('says how many rows do not fit, and computes from the others', async () => {
    const file = join(folder, 'bad.csv')
    writeFileSync(file, 'YEAR,MONTH,DAY,AIRLINE\n2015,1,1,AA\n2015,1,32,AA\n2015,1,x,AA\n2015,1,1,AA\n')
    const { printed, said } = await runHere(recompute, ['flights-per-day', '--file', file])
    assert.deepEqual([printed, said], ['[{"airline":"AA","day":"2015-01-01","flights":2}]\n', '2 rows were refused\n'])
  })

  it('refuses an analysis, a setting or a value that does not exist', async () => {
    await assert.rejects(
      runHere(recompute, ['macd', ...aapl]),
      usage('there is no analysis named macd', /aroon, flights-per-day/),
    )
    await assert.rejects(runHere(recompute, []), usage('an analysis is missing', /bollinger/))
    await assert.rejects(
      runHere(recompute, ['aroon', ...aapl, '--set', 'length=3']),
      usage('aroon has no setting named length', /period/),
    )
    await assert.rejects(
      runHere(recompute, ['aroon', ...aapl, '--set', 'period=0.5']),
      usage('period must be a whole number from 1 to 10000, got "0.5"'),
    )
    await assert.rejects(runHere(recompute, ['aroon']), usage('prices needs at least one --file'))
  })

  it('prints all of it into a pipe before it ends', async () => {
    const { code, stdout } = await runCommand(['recompute', 'bollinger', ...aapl])
    assert.equal(code, 0)
    assert.equal(stdout, (await runHere(recompute, ['bollinger', ...aapl])).printed)
    assert.ok(stdout.length > 200_000)
  })
})

/** What a wrong use is refused with. */
function usage(message: string, hint?: RegExp) {
  return { code: 'usage', message, ...(hint === undefined ? {} : { hint }) }
}
