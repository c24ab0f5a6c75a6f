import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { chooseAnalysis } from '../../src/analyses/all.ts'
import { writeResults } from '../../src/pipelines/results-table.ts'
import { parseCsv } from '../sources/chunked.ts'

const flights = chooseAnalysis('flights-per-day')
const hostile = ['__proto__', 'a,"b"', 'line\nbreak', 'line\r\nbreak', ' a', '', 'é', '"', 'constructor', 'toString']

const rowsOf = (airlines: readonly string[]): { airline: string; day: string; flights: number }[] =>
  airlines.map((airline, index) => ({ airline, day: '2015-01-01', flights: index }))

describe('the results as text', () => {
  const rows = [
    { airline: 'UA', day: '2015-01-01', flights: 3 },
    { airline: 'AA', day: '2015-01-02', flights: 2 },
    { airline: 'AA', day: '2015-01-01', flights: 0.1 + 0.2 },
  ]

  it('are CSV with a header, sorted by key', () => {
    assert.equal(
      writeResults(flights, rows, 'csv'),
      'airline,day,flights\nAA,2015-01-01,0.30000000000000004\nAA,2015-01-02,2\nUA,2015-01-01,3\n',
    )
  })

  it('are JSON, a line each, in the same order', () => {
    assert.equal(
      writeResults(flights, rows, 'json'),
      '[{"airline":"AA","day":"2015-01-01","flights":0.30000000000000004},\n' +
        '{"airline":"AA","day":"2015-01-02","flights":2},\n{"airline":"UA","day":"2015-01-01","flights":3}]\n',
    )
  })

  it('are a header and an empty array where there are none', () => {
    assert.equal(writeResults(flights, [], 'csv'), 'airline,day,flights\n')
    assert.equal(writeResults(flights, [], 'json'), '[]\n')
  })

  it('quote a cell that holds a comma, a quote or a line break, and no other', () => {
    const text = writeResults(flights, rowsOf(['a,b', 'a"b', 'a\nb', 'a b']), 'csv')
    assert.equal(
      text,
      'airline,day,flights\n"a\nb",2015-01-01,2\na b,2015-01-01,3\n"a""b",2015-01-01,1\n"a,b",2015-01-01,0\n',
    )
  })

  it('have the same bytes in whatever order the results come', () => {
    const shuffled = fc.shuffledSubarray(rowsOf(hostile), { minLength: hostile.length })
    fc.assert(
      fc.property(shuffled, fc.constantFrom('csv' as const, 'json' as const), (mixed, format) => {
        assert.equal(writeResults(flights, mixed, format), writeResults(flights, rowsOf(hostile), format))
      }),
    )
  })

  it('are read back as they were, hostile names and all', () => {
    const sorted = rowsOf(hostile).toSorted((a, b) => (a.airline < b.airline ? -1 : 1))
    assert.deepEqual(JSON.parse(writeResults(flights, rowsOf(hostile), 'json')), sorted)
    const [, ...lines] = parseCsv(writeResults(flights, rowsOf(hostile), 'csv'))
    assert.deepEqual(
      lines.map((entry) => (entry.kind === 'row' ? entry.cells : entry.reason)),
      sorted.map(({ airline, day, flights: count }) => [airline, day, String(count)]),
    )
  })

  it('write numbers that are read back to the last bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const result = { symbol: 'A', date: '2015-01-05', up: value, down: 0, oscillator: 0 }
        const text = writeResults(chooseAnalysis('aroon'), [result], 'csv')
        assert.equal(Number(text.split('\n')[1]?.split(',')[2]), value === 0 ? 0 : value)
      }),
    )
  })
})
