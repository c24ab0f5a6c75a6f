import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readConfig } from '../../src/cli/config.ts'
import { paceOptions, settingsOption } from '../../src/cli/option.ts'
import { chooseSource, countRows, readPace, readSettings, sourceNames } from '../../src/cli/sources.ts'
import { flights } from '../../src/topics/flights.ts'
import { prices } from '../../src/topics/prices.ts'
import { flightsFile, flightsRows, pricesFile } from '../support/run-windsock.ts'

const read = (...args: string[]) => readConfig(args, [...paceOptions, settingsOption], {})

describe('choosing a source', () => {
  it('pairs it with the stream it feeds', async () => {
    assert.deepEqual(sourceNames, ['flights', 'prices'])
    assert.equal((await chooseSource('flights', [flightsFile], undefined)).stream, flights)
    const chosen = await chooseSource('prices', [pricesFile('AAPL')], 'APPLE')
    assert.equal(chosen.stream, prices)
    for await (const frame of chosen.source.observe(new AbortController().signal)) {
      assert.equal(frame.rowAt(0)['symbol'], 'APPLE')
      break
    }
  })

  it('needs a name that exists, and a file that does', async () => {
    const usage = { code: 'usage', hint: 'The sources are flights and prices' }
    await assert.rejects(chooseSource(undefined, [flightsFile], undefined), {
      ...usage,
      message: 'a source is missing',
    })
    await assert.rejects(chooseSource('toString', [flightsFile], undefined), usage)
    await assert.rejects(chooseSource('flights', [], undefined), {
      code: 'usage',
      message: 'flights needs at least one --file',
    })
    await assert.rejects(chooseSource('flights', ['missing.csv'], undefined), { code: 'file-missing' })
    await assert.rejects(chooseSource('flights', [pricesFile('AAPL')], undefined), { code: 'file-format' })
  })

  it('counts the rows of its files', async () => {
    assert.equal(await countRows('flights', [flightsFile], undefined, new AbortController().signal), flightsRows)
  })
})

describe('reading the pace', () => {
  it('takes the one that is given, else the one that is usual', () => {
    assert.deepEqual(readPace(read('--rate', '5')), { kind: 'rate', perSecond: 5 })
    assert.deepEqual(readPace(read('--speed', '400')), { kind: 'speed', times: 400 })
    assert.deepEqual(readPace(read('--max'), { kind: 'rate', perSecond: 1 }), { kind: 'max' })
    assert.deepEqual(readPace(read()), { kind: 'max' })
    assert.deepEqual(readPace(read(), { kind: 'rate', perSecond: 1 }), { kind: 'rate', perSecond: 1 })
  })

  it('refuses two at once', () => {
    for (const args of [
      ['--rate', '5', '--max'],
      ['--rate', '5', '--speed', '2'],
      ['--speed', '2', '--max'],
    ]) {
      assert.throws(() => readPace(read(...args)), {
        code: 'usage',
        message: '--rate, --speed and --max exclude each other',
      })
    }
  })
})

describe('reading settings', () => {
  it('takes each name and value, the last one of a name', () => {
    const settings = readSettings(read('--set', 'period=25', '--set', 'note=a=b', '--set', 'period=26'))
    assert.deepEqual(settings, { period: '26', note: 'a=b' })
  })

  it('refuses what is not name=value', () => {
    for (const text of ['period', '=25', '']) {
      assert.throws(() => readSettings(read(`--set=${text}`)), {
        code: 'usage',
        message: `--set takes name=value, got "${text}"`,
      })
    }
  })
})
