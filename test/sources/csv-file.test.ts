import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { recordBytesMax } from '../../src/foundation/limits.ts'
import { optional, required, type Schema } from '../../src/model/schema.ts'
import { openCsvFile } from '../../src/sources/csv-file.ts'
import { fails, framesOf, writeFile } from './written-files.ts'

const fields = {
  name: required('text', 'Full Name', { aliases: ['label'] }),
  count: optional('integer', 'COUNT', { min: 0 }),
} as const
const schema: Schema<typeof fields> = { name: 'things', fields }
const hintFor = (): string => 'Give another file'
const running = new AbortController().signal

async function read(t: TestContext, text: string | Uint8Array) {
  const file = await openCsvFile(schema, writeFile(t, 'a.csv', text), { hintFor })
  return framesOf(file.frames(running))
}

describe('a CSV file with a header', () => {
  it('gives rows by the names of their columns, whatever their order, case, spaces and underscores', async (t) => {
    const [frame] = await read(t, '\ufeff count ,other,FULL__name\n3,x,Ann\n,y,__proto__\n')
    assert.deepEqual(frame?.cellsAt(0), ['Ann', '3'])
    assert.deepEqual(frame?.cellsAt(1), ['__proto__', ''])
  })

  it('takes the first of two columns for the same field', async (t) => {
    const [frame] = await read(t, 'Label,Full Name\na,b\n')
    assert.deepEqual(frame?.cellsAt(0), ['a', ''])
  })

  it('gives its path as the origin of rows and refusals, and their lines as positions', async (t) => {
    const path = writeFile(t, 'a.csv', 'label,count\n\na,1\nb,x\nc\n"d,3\ne,"4"\n')
    const [frame, ...others] = await framesOf((await openCsvFile(schema, path, { hintFor })).frames(running))
    assert.equal(others.length, 0)
    assert.equal(frame?.origin, path)
    assert.deepEqual([frame?.length, frame?.positionAt(0), frame?.positionAt(1)], [2, 3, 7])
    assert.deepEqual(frame?.refusals, [
      { position: 4, reason: 'COUNT: "x" is not a whole number of at least 0', sample: 'b,x' },
      { position: 5, reason: 'the row has 1 cells where the header has 2', sample: 'c' },
      { position: 6, reason: 'the quotes of the row do not match', sample: '"d,3' },
    ])
  })

  it('lets commas at the end of a line pass, but no more cells than the header has', async (t) => {
    const [frame] = await read(t, 'label,count\na,1,,\nb,2,3\n')
    assert.deepEqual(frame?.cellsAt(0), ['a', '1'])
    assert.deepEqual(
      frame?.refusals.map(({ reason }) => reason),
      ['the row has 3 cells where the header has 2'],
    )
  })

  it('refuses each kind of bad line and keeps the rows between them', async (t) => {
    const bad: readonly (readonly [string | Uint8Array, RegExp])[] = [
      ['a,NaN', /^COUNT: "NaN" is not a whole number/],
      ['a,Infinity', /^COUNT: "Infinity" is not/],
      ['a,0x10', /^COUNT: "0x10" is not/],
      ['a,1e400', /^COUNT: "1e400" is not/],
      ['a,1.5', /^COUNT: "1.5" is not/],
      ['a,-1', /^COUNT: "-1" is not/],
      ['a,9007199254740993', /^COUNT: "9007199254740993" is not/],
      ['a,"1,234"', /^COUNT: "1,234" is not/],
      [',1', /^Full Name is empty$/],
      [Buffer.from([0x61, 0xff, 0x2c, 0x31]), /^the row is not valid UTF-8$/],
      [Buffer.alloc(10_000_000, 'x'), new RegExp(`^the row is longer than ${recordBytesMax} bytes$`)],
    ]
    const lines = bad.flatMap(([line]) => [Buffer.from(line), Buffer.from('\nfine,7\n')])
    const frames = await read(t, Buffer.concat([Buffer.from('label,count\n'), ...lines]))
    const refusals = frames.flatMap((frame) => frame.refusals)
    assert.deepEqual(
      refusals.map(({ position }) => position),
      bad.map((_, i) => 2 * i + 2),
    )
    refusals.forEach(({ reason, sample }, i) => {
      assert.match(reason, bad[i]?.[1] ?? /never/)
      assert.ok(sample.length <= 2_048)
    })
    assert.equal(
      frames.reduce((sum, frame) => sum + frame.length, 0),
      bad.length,
    )
  })

  it('comes in frames of 2,000 rows and refusals, the same ones each time', async (t) => {
    const text = 'label,count\n' + Array.from({ length: 5_000 }, (_, i) => `n${i},${i % 10 === 0 ? 'x' : i}\n`).join('')
    const file = await openCsvFile(schema, writeFile(t, 'a.csv', text), { hintFor })
    for (let turn = 0; turn < 2; turn++) {
      const frames = await framesOf(file.frames(running))
      assert.deepEqual(
        frames.map((frame) => [frame.length, frame.refusals.length]),
        [
          [1_800, 200],
          [1_800, 200],
          [900, 100],
        ],
      )
    }
  })

  it('gives a field the same value in every row when told so, whatever the file has', async (t) => {
    for (const text of ['label,count\na,1\n', 'count\n1\n', 'count,label\n1,a,,\n']) {
      const path = writeFile(t, 'a.csv', text)
      const file = await openCsvFile(schema, path, { hintFor, constants: { name: 'Z' } })
      const [frame] = await framesOf(file.frames(running))
      assert.deepEqual(frame?.cellsAt(0), ['Z', '1'])
    }
  })

  it('that lacks a required column is refused before it is read, with the columns it has', async (t) => {
    const path = writeFile(t, 'a.csv', 'count,Other\n1,2\n')
    await assert.rejects(
      openCsvFile(schema, path, { hintFor }),
      fails('file-format', 'FILE lacks the column Full Name; it has count, Other', path),
    )
    const wide = writeFile(t, 'a.csv', Array.from({ length: 50 }, (_, i) => 'c'.repeat(99) + i).join(',') + '\n')
    await assert.rejects(openCsvFile(schema, wide, { hintFor }), fails('file-format', / and 10 more$/, wide))
  })

  it('that has no header is refused', async (t) => {
    const blank = writeFile(t, 'a.csv', '\n\n')
    await assert.rejects(openCsvFile(schema, blank, { hintFor }), fails('file-format', 'FILE is empty', blank))
    const binary = writeFile(t, 'a.csv', Buffer.from([0xff, 0x00, 0x0a]))
    await assert.rejects(
      openCsvFile(schema, binary, { hintFor }),
      fails('file-format', 'FILE does not begin with a header: the row is not valid UTF-8', binary),
    )
  })

  it('ends early when the signal aborts', async (t) => {
    const path = writeFile(t, 'a.csv', 'label,count\n' + 'a,1\n'.repeat(10_000))
    const abort = new AbortController()
    let rows = 0
    for await (const frame of (await openCsvFile(schema, path, { hintFor })).frames(abort.signal)) {
      rows += frame.length
      abort.abort()
    }
    assert.equal(rows, 2_000)
  })
})
