import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import { flightsPerDay } from '../../src/analyses/flights-per-day.ts'
import { flightSchema } from '../../src/model/flight.ts'
import { createFrame } from '../../src/model/frame.ts'
import { Folding } from '../../src/pipelines/folding.ts'
import { recompute } from '../../src/pipelines/recompute.ts'
import { createFlightsCsv } from '../../src/sources/flights-csv.ts'
import { threeDays } from '../sources/demonstration-data.ts'
import { foldRows, oneKeyOf } from './fold-rows.ts'

const running = new AbortController().signal

describe('flights-per-day', () => {
  it('counts 46,125 flights of 14 airlines in the committed three days: 13,950, 16,741 and 15,434', async () => {
    const { results, rows, refused } = await recompute(
      chooseAnalysis('flights-per-day'),
      await createFlightsCsv([threeDays]),
      running,
    )
    assert.deepEqual([rows, refused, results.length], [46_125, 0, 3 * 14])
    const byDay = new Map<unknown, number>()
    for (const { day, flights } of results) byDay.set(day, (byDay.get(day) ?? 0) + Number(flights))
    assert.deepEqual(Object.fromEntries(byDay), { '2015-01-01': 13_950, '2015-01-02': 16_741, '2015-01-03': 15_434 })
  })

  it('counts cancelled and diverted flights too, of which the three days have some', async () => {
    const counts = new Map<string, number>()
    let cancelled = 0
    let diverted = 0
    for await (const frame of (await createFlightsCsv([threeDays])).observe(running)) {
      for (let index = 0; index < frame.length; index++) {
        const row = frame.rowAt(index)
        cancelled += row.cancelled ?? 0
        diverted += row.diverted ?? 0
        const day = `${row.year}-0${row.month}-0${row.day}`
        if (row.airline === 'WN') counts.set(day, (counts.get(day) ?? 0) + 1)
      }
    }
    assert.ok(cancelled > 0 && diverted > 0)
    const { results } = await recompute(chooseAnalysis('flights-per-day'), await createFlightsCsv([threeDays]), running)
    const reported = results.filter(({ airline }) => airline === 'WN').map(({ day, flights }) => [day, flights])
    assert.deepEqual(reported, [...counts])
  })

  it('takes the day from YEAR, MONTH and DAY, with two digits each', () => {
    const row = { airline: 'AA', year: 2015, month: 1, day: 3 }
    const { reports } = foldRows(oneKeyOf(flightsPerDay, {}), [row, row])
    assert.deepEqual(reports, [
      { airline: 'AA', day: '2015-01-03', flights: 1 },
      { airline: 'AA', day: '2015-01-03', flights: 2 },
    ])
  })

  it('gives results that later rows do not change', () => {
    const key = oneKeyOf(flightsPerDay, {})
    key.take({ airline: 'AA', year: 2015, month: 1, day: 3 })
    const report = key.report()
    key.take({ airline: 'AA', year: 2015, month: 1, day: 3 })
    assert.equal(report?.flights, 1)
    assert.equal(key.report()?.flights, 2)
  })

  it('tells airlines apart whose names end like a day', () => {
    const airlines = ['A', 'A 2015-01-03', '__proto__', ' ']
    const frame = createFrame(flightSchema, 'flights/0')
    for (const airline of [...airlines, ...airlines]) {
      frame.addCells(['airline', 'year', 'month', 'day'], [airline, '2015', '1', '3'], 0)
    }
    const folding = new Folding(chooseAnalysis('flights-per-day'))
    folding.take(frame)
    assert.deepEqual(
      folding.takeUpserts().map(({ result }) => result),
      airlines.map((airline) => ({ airline, day: '2015-01-03', flights: 2 })),
    )
  })
})
