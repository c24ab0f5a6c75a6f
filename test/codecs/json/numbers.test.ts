import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { openDecoder } from '../../../src/codecs/json/json-codec.ts'
import { leadingBitsOfPower } from '../../../src/codecs/json/powers.ts'
import { absent } from '../../../src/model/frame.ts'
import { optional, type Schema } from '../../../src/model/schema.ts'
import { createRandom, type Random } from '../../support/random.ts'
import { packMessages } from './packed.ts'

/** As in json-codec.test.ts. */
const cases = Number(process.env['WINDSOCK_CASES'] ?? 100_000)

const fields = { price: optional('number', 'Price') } as const
const priceSchema: Schema<typeof fields> = { name: 'numbers', fields }

describe('a number of a JSON message', () => {
  it('is the double that Number gives', () => {
    const random = createRandom()
    console.log(`# WINDSOCK_SEED=${random.seed} WINDSOCK_CASES=${cases}`)
    const decoder = openDecoder({ schema: priceSchema, reads: ['price'], scanner: 'wasm' })
    for (let done = 0; done < cases; done += 5_000) {
      const texts = Array.from({ length: 5_000 }, () => numberText(random))
      const messages = texts.map((text) => Buffer.from(`{"Price":${text}}`))
      let next = 0
      let refused = 0
      for (const frame of decoder.decode(packMessages(messages), 'numbers')) {
        refused += frame.refusals.length
        for (let index = 0; index < frame.length; index++) {
          while (!Number.isFinite(Number(texts[next]))) next++
          const text = texts[next++] ?? ''
          const cell = frame.cellAt('price', index)
          if (!Object.is(cell, Number(text))) {
            assert.fail(`${text} is ${Number(text)}, not ${cell === absent ? 'absent' : cell}; seed ${random.seed}`)
          }
        }
      }
      assert.equal(refused, texts.filter((text) => !Number.isFinite(Number(text))).length)
    }
  })
})

describe('a power of five', () => {
  it('has 128 leading bits, exact while it has no more', () => {
    assert.equal(leadingBitsOfPower(0), 1n << 127n)
    assert.equal(leadingBitsOfPower(3), 125n << 121n)
    for (let exponent = -60; exponent <= 60; exponent++) {
      const bits = leadingBitsOfPower(exponent)
      assert.equal(bits >> 127n, 1n)
      // Below by less than one unit, or above where it is rounded up.
      const power = 5n ** BigInt(Math.abs(exponent))
      const scale = BigInt(power.toString(2).length)
      if (exponent >= 0) assert.equal(bits, scale > 128n ? power >> (scale - 128n) : power << (128n - scale))
      else assert.ok(bits * power > 1n << (scale + 127n) && (bits - 1n) * power < 1n << (scale + 127n))
    }
  })
})

const view = new DataView(new ArrayBuffer(8))

/** Doubles of any size, prices, random digits, and what lies just at, above or below the middle of two doubles. */
function numberText(random: Random): string {
  const sign = random.next() < 0.2 ? '-' : ''
  switch (random.below(6)) {
    case 0: {
      view.setUint32(0, random.below(2 ** 32))
      view.setUint32(4, random.below(2 ** 32))
      const value = view.getFloat64(0)
      return Number.isFinite(value) ? JSON.stringify(value) : '0'
    }
    case 1:
      return sign + String(random.next() * 10 ** random.below(6))
    case 2:
      return sign + decimalText(random, digitsText(random, 1 + random.below(25)))
    case 3:
      return sign + decimalText(random, middleDigits(random))
    case 4:
      return `${sign}${digitsText(random, 1 + random.below(20))}e${random.below(140) - 70}`
    default:
      return `${sign}${(random.next() * 10 ** random.below(10)).toFixed(random.below(12))}`
  }
}

function digitsText(random: Random, length: number): string {
  const digits = Array.from({ length }, () => random.below(10)).join('')
  return digits.replace(/^0+(?=.)/, '')
}

/** The digits of a number half way between two doubles of 2^53 to 2^64, or of one beside it. */
function middleDigits(random: Random): string {
  const extra = BigInt(1 + random.below(10))
  const mantissa = (1n << 52n) + BigInt(random.below(2 ** 32)) * BigInt(random.below(2 ** 20)) || 1n
  return String((2n * mantissa + 1n) * (1n << extra) + BigInt(random.below(3) - 1))
}

/** With a point somewhere, or an exponent. */
function decimalText(random: Random, digits: string): string {
  const at = random.below(digits.length + 1)
  const whole = digits.slice(0, at) || '0'
  const text = at === digits.length ? digits : `${whole.replace(/^0+(?=.)/, '')}.${digits.slice(at)}`
  return random.next() < 0.3 ? `${text}E${random.next() < 0.5 ? '+' : '-'}${random.below(30)}` : text
}
