import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { leadingBitsAbovePower } from '../../../src/codecs/json/powers.ts'
import { type CellsByName, RecordWriter } from '../../../src/codecs/json/record-writer.ts'
import { unpackOutgoing } from '../../../src/model/packed-records.ts'
import { createRandom, type Random } from '../../support/random.ts'

/** How many numbers are written in the test of them all. */
const cases = Number(process.env['WINDSOCK_CASES'] ?? 300_000)

interface Written {
  readonly key: string
  readonly value: string
  readonly partition: number
}

function openWriter(columns: readonly string[], key: readonly string[] = columns.slice(0, 1)) {
  const written: Written[] = []
  const writer = new RecordWriter({ columns, key }, (packed) => {
    for (const record of unpackOutgoing(packed)) {
      written.push({
        key: Buffer.from(record.key).toString(),
        value: Buffer.from(record.value).toString(),
        partition: record.partition,
      })
    }
  })
  return { writer, written }
}

describe('numbers of records', () => {
  it('have the text that String gives', () => {
    const random = createRandom()
    console.log(`# WINDSOCK_SEED=${random.seed} WINDSOCK_CASES=${cases}`)
    const { writer, written } = openWriter(['a'], ['a'])
    for (let done = 0; done < cases; done += 20_000) {
      const numbers = Array.from({ length: 20_000 }, () => anyNumber(random))
      for (const number of numbers) writer.put({ a: number }, number, 0)
      writer.flush()
      written.splice(0).forEach(({ key, value }, i) => {
        const text = JSON.stringify(numbers[i])
        if (key !== `[${text}]` || value !== `{"a":${text},${text}}}`) {
          assert.fail(`${text} is written as ${key} and in ${value}; seed ${random.seed}`)
        }
      })
    }
  })

  it('are right at every power of ten and of two, beside them, and at the ends of what doubles are', () => {
    const numbers: number[] = [0, -0, NaN, Infinity, -Infinity, Number.MAX_VALUE, Number.MIN_VALUE]
    const around = (value: number): void => void numbers.push(value, -value, below(value), above(value))
    for (let power = -324; power <= 308; power++) around(Number(`1e${power}`))
    for (let power = -1_074; power <= 1_023; power++) around(2 ** power)
    for (let digits = 1; digits <= 17; digits++) around(Number('9'.repeat(digits)))
    const { writer, written } = openWriter(['a'])
    for (const number of numbers) writer.put({ a: number }, 0, 0)
    writer.flush()
    assert.deepEqual(
      written.map(({ key }) => key),
      numbers.map((number) => JSON.stringify([number])),
    )
  })

  it('need powers of ten whose leading bits are rounded up', () => {
    assert.equal(leadingBitsAbovePower(0), 1n << 127n)
    for (let exponent = -324; exponent <= 324; exponent++) {
      const bits = leadingBitsAbovePower(exponent)
      assert.equal(bits >> 127n, 1n)
      const power = 5n ** BigInt(Math.abs(exponent))
      const scale = BigInt(power.toString(2).length)
      // The bits as a fraction of 2^128, and the power likewise, both times the same denominator.
      const [given, wanted, unit] =
        exponent >= 0 ? [bits << scale, power << 128n, 1n << scale] : [bits * power, 1n << (scale + 127n), power]
      assert.ok(given >= wanted && given - wanted < unit, String(exponent))
    }
  })
})

describe('records of rows', () => {
  const columns = ['symbol', 'é"x', 'close', 'date'] as const
  const keyColumns = ['date', 'close'] as const
  const anyCell = fc.oneof(
    fc.double(),
    fc.integer(),
    fc.string({ unit: 'binary' }),
    fc.string({ maxLength: 5 }),
    fc.constantFrom('', '"', '\\', '\u007f', '\u0000', '\ud800', '\u2028', '😀'),
  )
  const anyRow = fc.record({ symbol: anyCell, 'é"x': anyCell, close: anyCell, date: anyCell }, { requiredKeys: [] })

  it('are what JSON.stringify gives of them, in their order, with the partitions that were said', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyRow, fc.integer(), fc.nat(7)), { maxLength: 60 }), (rows) => {
        const { writer, written } = openWriter(columns, keyColumns)
        writer.endValuesWith('"from":{"offset":')
        for (const [row, last, partition] of rows) writer.put(row, last, partition)
        writer.flush()
        assert.deepEqual(
          written,
          rows.map(([row, last, partition]) => ({
            key: JSON.stringify(keyColumns.map((column) => row[column] ?? null)),
            value: expectedValue(columns, row, { offset: last }),
            partition,
          })),
        )
      }),
    )
  })

  it('end with what was said when they were put', () => {
    const { writer, written } = openWriter(['a'])
    for (const [tail, rows] of [
      ['"é":{"n":', 3],
      ['"b":{"n":', 2],
    ] as const) {
      writer.endValuesWith(tail)
      for (let i = 0; i < rows; i++) writer.put({ a: 'x' }, i, 0)
    }
    assert.equal(written.length, 3)
    writer.flush()
    writer.flush()
    const values = written.map(({ value }) => JSON.parse(value))
    const ends = [{ é: { n: 0 } }, { é: { n: 1 } }, { é: { n: 2 } }, { b: { n: 0 } }, { b: { n: 1 } }]
    assert.deepEqual(
      values,
      ends.map((end) => ({ a: 'x', ...end })),
    )
  })

  it('may be many, and have texts that are larger than all others together', () => {
    const { writer, written } = openWriter(['a', 'b'], ['a', 'b'])
    writer.endValuesWith('"c":{"d":')
    const texts = Array.from({ length: 5_000 }, (_, i) => {
      const length = i === 3_000 ? 3_000_000 : i % 1_000 === 7 ? 100_000 : i % 97
      return (i % 2 === 0 ? 'é' : '\u0001').repeat(length)
    })
    texts.forEach((text, i) => writer.put({ a: text, b: i / 7 }, i, 0))
    writer.flush()
    assert.equal(written.length, texts.length)
    written.forEach(({ key, value }, i) => {
      const row = { a: texts[i] ?? '', b: i / 7 }
      if (key !== JSON.stringify([row.a, row.b])) assert.fail(`the key of row ${i}`)
      if (value !== expectedValue(['a', 'b'], row, { d: i }, 'c')) assert.fail(`the value of row ${i}`)
    })
  })
})

function expectedValue(columns: readonly string[], row: CellsByName, end: object, name = 'from'): string {
  const members = columns.flatMap((column) => {
    const cell = row[column]
    const quoted = JSON.stringify(column).replace('é', '\\u00e9')
    return cell === undefined ? [] : [`${quoted}:${JSON.stringify(cell)}`]
  })
  return `{${[...members, `"${name}":${JSON.stringify(end)}`].join(',')}}`
}

const view = new DataView(new ArrayBuffer(8))

function above(value: number): number {
  return neighbour(value, 1n)
}

function below(value: number): number {
  return neighbour(value, -1n)
}

function neighbour(value: number, step: bigint): number {
  view.setFloat64(0, value)
  view.setBigUint64(0, BigInt.asUintN(64, view.getBigUint64(0) + step))
  return view.getFloat64(0)
}

/** Doubles of any size, subnormal ones, prices and what is computed of them, whole numbers, and numbers of few digits. */
function anyNumber(random: Random): number {
  const sign = random.next() < 0.3 ? -1 : 1
  switch (random.below(8)) {
    case 0:
    case 1:
      view.setUint32(0, random.below(2 ** 32))
      view.setUint32(4, random.below(2 ** 32))
      return view.getFloat64(0)
    case 2:
      view.setUint32(0, random.below(2 ** 20))
      view.setUint32(4, random.below(2 ** 32))
      return sign * view.getFloat64(0)
    case 3:
      return sign * (Math.round(random.next() * 10 ** (2 + random.below(6))) / 100)
    case 4:
      return (sign * (Math.round(random.next() * 1e6) / 100 + random.next() * 100)) / (1 + random.below(25))
    case 5:
      return sign * Math.floor(random.next() * 10 ** random.below(23))
    case 6:
      return sign * Number(`${random.below(10 ** random.below(5))}e${random.below(640) - 330}`)
    default:
      return sign * random.next() * 10 ** (random.below(60) - 30)
  }
}
