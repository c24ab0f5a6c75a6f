import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { recordBytesMax } from '../../src/foundation/limits.ts'
import { createCsvParser, readCsv, type CsvEntry } from '../../src/sources/csv.ts'
import { chunksOf, describeEntries, parseCsv, yielding } from './chunked.ts'

const odd = 'refused: the quotes of the row do not match'
const notUtf8 = 'refused: the row is not valid UTF-8'
const tooLong = `refused: the row is longer than ${recordBytesMax} bytes`

const cases: readonly { readonly fact: string; readonly text: string | Buffer; readonly entries: readonly string[] }[] =
  [
    { fact: 'an empty file has no rows', text: '', entries: [] },
    { fact: 'a mark alone is no row', text: '\ufeff', entries: [] },
    { fact: 'half a mark is text that is not UTF-8', text: Buffer.from([0xef, 0xbb]), entries: [`1 ${notUtf8}`] },
    { fact: 'a last line may end without a line feed', text: 'a,b\n1,2', entries: ['1 [a|b]', '2 [1|2]'] },
    { fact: 'lines may end with CRLF', text: 'a,b\r\n1,"2"\r\n3,4\r\n', entries: ['1 [a|b]', '2 [1|2]', '3 [3|4]'] },
    { fact: 'a last line may end with CR alone', text: 'a,b\r\n1,"2"\r', entries: ['1 [a|b]', '2 [1|2]'] },
    { fact: 'a byte order mark is dropped', text: '\ufeffa,b\n', entries: ['1 [a|b]'] },
    { fact: 'blank lines are no rows, and count as lines', text: '\n\na\n\r\n\nb\n\n', entries: ['3 [a]', '6 [b]'] },
    { fact: 'a quoted empty cell is a row', text: '""\n', entries: ['1 []'] },
    { fact: 'cells at both ends may be empty', text: ',a,\n,\n', entries: ['1 [|a|]', '2 [|]'] },
    { fact: 'quotes hide commas', text: '"a,b",c\n', entries: ['1 [a,b|c]'] },
    { fact: 'two quotes in a quoted cell are one', text: '"a ""b""",""""\n', entries: ['1 [a "b"|"]'] },
    {
      fact: 'a quoted cell may go over lines, and the next row has its own line',
      text: 'x,y\n"a\nb\r\nc",d\ne,f\n',
      entries: ['1 [x|y]', '2 [a\nb\r\nc|d]', '5 [e|f]'],
    },
    { fact: 'a quote within a cell is text', text: '6" pipe,a"b"\n', entries: ['1 [6" pipe|a"b"]'] },
    { fact: 'spaces are part of a cell', text: ' a , "b" \n', entries: ['1 [ a | "b" ]'] },
    {
      fact: 'text behind a closing quote is refused',
      text: 'a,b\n"c"d,e\nf,g\n',
      entries: ['1 [a|b]', `2 ${odd}`, '3 [f|g]'],
    },
    {
      fact: 'a quote that never closes costs its own line only',
      text: 'a,b\nc,"d\ne,f\ng,h\n',
      entries: ['1 [a|b]', `2 ${odd}`, '3 [e|f]', '4 [g|h]'],
    },
    {
      fact: 'a quote that closes at the opening quote of a later row costs its own line only',
      text: 'a,b\nc,"d\ne,f\ng,"h"\n',
      entries: ['1 [a|b]', `2 ${odd}`, '3 [e|f]', '4 [g|h]'],
    },
    {
      fact: 'a quote that closes in a later row, to a row of another length, costs its own line only',
      text: 'a,b\nc,"d\ne,f\ng,h",i\nj,k\n',
      entries: ['1 [a|b]', `2 ${odd}`, '3 [e|f]', '4 [g|h"|i]', '5 [j|k]'],
    },
    {
      fact: 'a line that is not UTF-8 is refused, and its neighbours are not',
      text: Buffer.concat([
        Buffer.from('a,é\nb,'),
        Buffer.from([0xe9]),
        Buffer.from('\n"ü",c\n"'),
        Buffer.from([0xff, 34]),
      ]),
      entries: ['1 [a|é]', `2 ${notUtf8}`, '3 [ü|c]', `4 ${notUtf8}`],
    },
    {
      fact: 'names of object members are text',
      text: '__proto__,constructor\n',
      entries: ['1 [__proto__|constructor]'],
    },
    { fact: 'a zero byte is text', text: 'a\0b,c\n', entries: ['1 [a\0b|c]'] },
  ]

describe('the CSV reader', () => {
  for (const { fact, text, entries } of cases) {
    it(`knows that ${fact}`, () => {
      assert.deepEqual(describeEntries(parseCsv(text)), entries)
      for (const size of [1, 2, 3, 7]) assert.deepEqual(describeEntries(parseCsv(text, [size])), entries, `by ${size}`)
    })
  }

  it('reads back any table that was written, however it is cut into chunks', () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', '€', '😀', ',', '"', '\n', '\r', ' ', '0'), maxLength: 8 }),
      fc.string({ unit: 'grapheme' }),
    )
    const table = fc
      .integer({ min: 1, max: 5 })
      .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }))
    fc.assert(
      fc.property(
        table,
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
        (rows, lineEnd, endsLast, sizes) => {
          const text = rows.map((row) => row.map(writeCell).join(',')).join(lineEnd) + (endsLast ? lineEnd : '')
          const entries = parseCsv(text, sizes)
          assert.deepEqual(
            entries.map((entry) => (entry.kind === 'row' ? entry.cells : entry.reason)),
            rows,
          )
          assert.deepEqual(
            entries.map(({ line }) => line),
            linesOf(rows),
          )
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('gives any bytes the same entries, however they are cut into chunks', () => {
    const bytes = fc.array(fc.constantFrom(34, 34, 44, 10, 10, 13, 97, 0xc3, 0xa9, 0xff), { maxLength: 60 })
    fc.assert(
      fc.property(bytes, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }), (all, sizes) => {
        const whole = Buffer.from(all)
        assert.deepEqual(parseCsv(whole, sizes), parseCsv(whole))
      }),
      { numRuns: 2_000 },
    )
  })

  it('loses no line of any bytes: each one is blank, refused or part of a row', () => {
    const bytes = fc.array(fc.constantFrom(34, 44, 10, 97, 0xff), { maxLength: 60 })
    fc.assert(
      fc.property(bytes, (all) => {
        const lines = Buffer.from(all).toString('latin1').split('\n')
        const covered = parseCsv(Buffer.from(all)).flatMap((entry) => {
          const over = entry.kind === 'row' ? entry.cells.join('').split('\n').length : 1
          return Array.from({ length: over }, (_, i) => entry.line + i)
        })
        const filled = lines.flatMap((text, i) => (text === '' ? [] : [i + 1]))
        assert.deepEqual(new Set(covered).size, covered.length)
        assert.deepEqual(
          filled.filter((line) => !covered.includes(line)),
          [],
        )
      }),
      { numRuns: 2_000 },
    )
  })

  it('takes a row of just the limit and refuses one of a byte more', () => {
    for (const wrap of [(text: string) => text, (text: string) => `"${text.slice(2)}"`]) {
      const fits = wrap('x'.repeat(recordBytesMax))
      const over = wrap('x'.repeat(recordBytesMax + 1))
      const entries = parseCsv(`a\n${fits}\n${over}\nb\n${fits}`, [65_536])
      assert.deepEqual(
        entries.map((entry) => (entry.kind === 'row' ? entry.line : `${entry.line} refused: ${entry.reason}`)),
        [1, 2, `3 ${tooLong}`, 4, 5],
      )
    }
  })

  it('lets a line of 10 MB go by with little memory, and reads on behind it', () => {
    const parser = createCsvParser()
    const entries: CsvEntry[] = [...parser.push(Buffer.from('a,b\n'))]
    const chunk = Buffer.alloc(100_000, 'x"')
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    for (let i = 0; i < 100; i++) {
      entries.push(...parser.push(chunk))
      most = Math.max(most, process.memoryUsage().arrayBuffers - before)
    }
    entries.push(...parser.push(Buffer.from('\nc,d\n')), ...parser.end())
    assert.deepEqual(describeEntries(entries), ['1 [a|b]', `2 ${tooLong}`, '3 [c|d]'])
    const refused = entries.find((entry) => entry.kind === 'refusal')
    assert.equal(refused?.sample.length, 2_048)
    // Each chunk that grows the row makes a new buffer until the limit is reached: 100 kB + 200 kB + … + 1.1 MB.
    assert.ok(most < 9_000_000, `${most} bytes more than before`)
  })

  it('gives up a quote that stays open for longer than a row may be, and reads the lines behind it', () => {
    const rows = Math.ceil(recordBytesMax / 8) + 10
    const text = `a,b\n"open,1\n${'1234,67\n'.repeat(rows)}`
    const entries = parseCsv(text, [65_536])
    assert.deepEqual(describeEntries(entries.slice(0, 3)), ['1 [a|b]', `2 ${odd}`, '3 [1234|67]'])
    assert.equal(entries.length, rows + 2)
  })

  it('reads a file in which every line opens a quote in a time that grows with its length alone', () => {
    const text = 'a,b\n' + 'x,"y\n'.repeat(200_000)
    const start = performance.now()
    const entries = parseCsv(text, [65_536])
    assert.equal(entries.length, 200_001)
    assert.ok(performance.now() - start < 5_000)
  })

  it('yields the entries of a stream as they come', async () => {
    const batches: string[][] = []
    for await (const entries of readCsv(yielding(chunksOf(Buffer.from('a,b\nc,d\ne,f'), [6])))) {
      batches.push(describeEntries(entries))
    }
    assert.deepEqual(batches, [['1 [a|b]'], ['2 [c|d]'], ['3 [e|f]']])
  })
})

function writeCell(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The line each row begins at. */
function linesOf(rows: readonly (readonly string[])[]): number[] {
  let line = 1
  return rows.map((row) => {
    const begins = line
    line += row.join('').split('\n').length
    return begins
  })
}
