import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DecoderOptions } from '../../../src/codecs/codec.ts'
import { jsonCodec, openDecoder } from '../../../src/codecs/json/json-codec.ts'
import { flightSchema } from '../../../src/model/flight.ts'
import { absent } from '../../../src/model/frame.ts'
import { createRandom } from '../../support/random.ts'
import { thingSchema, type ThingFields } from '../../model/rows.ts'
import { createProducer } from './odd-messages.ts'
import { packMessages } from './packed.ts'
import { decodeAll, type Decoded, decodeByParsing, findDifference } from './same-frames.ts'

const scanners = ['wasm', 'script'] as const

function decodeThings(
  texts: readonly (string | Buffer | null)[],
  options: Partial<DecoderOptions<ThingFields>> & { scanner?: 'wasm' | 'script' } = {},
): Decoded {
  const decoder = openDecoder({ schema: thingSchema, reads: ['label', 'price', 'count', 'time', 'day'], ...options })
  const messages = texts.map((text) => (text === null ? null : Buffer.from(text)))
  return decodeAll(decoder, packMessages(messages))
}

for (const scanner of scanners) {
  describe(`JSON messages, read by ${scanner}`, () => {
    it('give the columns that are wanted, and nothing of the others', () => {
      const message =
        '{"Label":"é\\n","Adj Close":57.24571228027344,"COUNT":null,"DEP_TIME":"0005","Date":"x","more":{"a":[]}}'
      const { rows, positions } = decodeThings([message], { scanner, reads: ['label', 'price', 'count', 'time'] })
      assert.deepEqual(rows, [['é\n', 57.24571228027344, null, 5, absent]])
      assert.deepEqual(positions, [100])
    })

    it('may have any key order, names, whitespace, numbers as text and texts as numbers', () => {
      const { rows } = decodeThings(
        [' { "dep_time" : 905 , "adj_close":"1.50","symbol":7,"Date":1420070400000,"COUNT":"-0"}\n'],
        { scanner },
      )
      assert.deepEqual(rows, [['7', 1.5, -0, 905, '2015-01-01']])
    })

    it('are arrays of records, too, each row with the offset of its message', () => {
      const texts = [
        '{"Label":"A"}',
        '[{"Label":"B"},{"Label":"C"}]',
        '[]',
        '[{"Label":"D"},7,{"COUNT":99,"Label":"E"}]',
      ]
      const { rows, positions, refusals } = decodeThings(texts, { scanner, reads: ['label', 'count'] })
      assert.deepEqual(
        rows.map(([label], i) => `${String(label)} ${positions[i]}`),
        ['A 100', 'B 102', 'C 102', 'D 106'],
      )
      assert.deepEqual(refusals, [
        { position: 106, reason: 'not a JSON object or an array of them', sample: '7' },
        { position: 106, reason: 'COUNT: "99" is not a whole number from 0 to 31', sample: '{"COUNT":99,"Label":"E"}' },
      ])
    })

    it('that do not fit are refused in their order, among rows', () => {
      const texts = [
        '{"Label":"A"}',
        null,
        '{"Label":""}',
        '{"Label":"B"}',
        '{"Label":"C"',
        Buffer.from('{"Label":"\xff"}', 'latin1'),
      ]
      const { rows, refusals } = decodeThings(texts, { scanner, reads: ['label'] })
      assert.deepEqual(
        rows.map(([label]) => label),
        ['A', 'B'],
      )
      assert.deepEqual(
        refusals.map(({ position, reason }) => `${position} ${reason}`),
        [
          '102 the message has no value or is not valid UTF-8',
          '104 Label is empty',
          '108 not JSON',
          '110 the message has no value or is not valid UTF-8',
        ],
      )
    })

    it('are left behind the last wanted column by early-stop, and only there', () => {
      const texts = [
        '{"Label":"A","COUNT":1,"Date":',
        '{"Label":"B","Date":',
        '{"COUNT":1,x',
        '[{"Label":"C","COUNT":2,]',
      ]
      const { rows, refusals } = decodeThings(texts, { scanner, reads: ['label', 'count'], mode: 'early-stop' })
      assert.deepEqual(rows, [['A', absent, 1, absent, absent]])
      assert.deepEqual(
        refusals.map(({ position, reason }) => `${position} ${reason}`),
        ['102 not JSON', '104 not JSON', '106 not JSON'],
      )
    })

    it('with early-stop give the same rows where they are valid', () => {
      const random = createRandom(7)
      const reads = ['year', 'airline', 'airTime'] as const
      const decoder = openDecoder({ schema: flightSchema, reads, scanner, mode: 'early-stop' })
      for (let i = 0; i < 50; i++) {
        const producer = createProducer(random, flightSchema, 0)
        const records = packMessages(Array.from({ length: 40 }, producer))
        const expected = decodeByParsing(flightSchema, reads, records)
        assert.equal(findDifference(decodeAll(decoder, records), expected), undefined)
      }
    })

    it('fill frames of some thousand rows, one origin and dictionary for all of them', () => {
      const decoder = openDecoder({ schema: thingSchema, reads: ['label'], scanner })
      const messages = Array.from({ length: 5_000 }, (_, i) => Buffer.from(`{"Label":"${i % 3_000}"}`))
      const lengths: number[] = []
      const dictionaries = new Set<readonly string[]>()
      let next = 0
      for (const frame of decoder.decode(packMessages(messages), 'things/1')) {
        const cells = frame.cellsOf('label')
        assert.ok(cells.kind === 'text')
        for (let i = 0; i < frame.length; i++) {
          assert.equal(cells.texts[cells.codes[i] ?? -1], String(next++ % 3_000))
          assert.equal(cells.codes[i], (next - 1) % 3_000)
        }
        lengths.push(frame.length)
        dictionaries.add(cells.texts)
      }
      assert.deepEqual(lengths, [2_048, 2_048, 904])
      assert.equal(dictionaries.size, 1)
    })

    it('of ever new texts begin new dictionaries, between frames', () => {
      const decoder = openDecoder({ schema: thingSchema, reads: ['label'], scanner })
      const dictionaries = new Set<readonly string[]>()
      let next = 0
      for (let batch = 0; batch < 9; batch++) {
        const messages = Array.from({ length: 20_000 }, (_, i) => Buffer.from(`{"Label":"${batch * 20_000 + i}"}`))
        for (const frame of decoder.decode(packMessages(messages), 'things/1')) {
          const cells = frame.cellsOf('label')
          assert.ok(cells.kind === 'text')
          for (let i = 0; i < frame.length; i++) {
            if (frame.cellAt('label', i) !== String(next++)) assert.fail(`row ${next - 1} is wrong`)
          }
          dictionaries.add(cells.texts)
        }
      }
      assert.equal(next, 180_000)
      assert.ok(dictionaries.size >= 2, `${dictionaries.size} dictionaries`)
      for (const texts of dictionaries) assert.ok(texts.length <= 131_072)
    })

    it('as one array of more texts than a dictionary takes come in several frames', () => {
      const records = Array.from({ length: 140_000 }, (_, i) => `{"Label":"${i}"}`)
      const decoder = openDecoder({ schema: thingSchema, reads: ['label'], scanner })
      let next = 0
      const message = packMessages([Buffer.from(`[${records.join(',')}]`)], decoder.memory)
      for (const frame of decoder.decode(message, 'things/1')) {
        assert.ok(frame.length <= 2_048)
        for (let i = 0; i < frame.length; i++) {
          if (frame.cellAt('label', i) !== String(next++)) assert.fail(`row ${next - 1} is wrong`)
        }
      }
      assert.equal(next, records.length)
    })

    it('with texts of a megabyte hold a few of them at a time', () => {
      const decoder = openDecoder({ schema: thingSchema, reads: ['label'], scanner })
      const messages = Array.from({ length: 24 }, (_, i) => Buffer.from(`{"Label":"${String(i).repeat(600_000)}"}`))
      let rows = 0
      for (const frame of decoder.decode(packMessages(messages), 'things/1')) {
        assert.ok(frame.length <= 17, `${frame.length} rows at once`)
        for (let i = 0; i < frame.length; i++) {
          assert.equal(String(frame.cellAt('label', i)).slice(0, 6), String(rows++).repeat(6).slice(0, 6))
        }
      }
      assert.equal(rows, messages.length)
    })
  })
}

describe('a decoder', () => {
  it('is of the codec for JSON', () => {
    assert.equal(jsonCodec.name, 'json')
    const decoder = jsonCodec.openDecoder({ schema: thingSchema, reads: ['label'] })
    assert.deepEqual(decodeAll(decoder, packMessages([Buffer.from('{"Label":"A"}')])).rows.length, 1)
    decoder.close()
  })

  it('gives memory in which messages are read where they lie, until there is none', () => {
    const { memory } = openDecoder({ schema: thingSchema, reads: ['label'] })
    const piece = memory.take(1_000_000)
    assert.equal(piece?.length, 1_000_000)
    assert.equal(memory.take(500_000_000), undefined)
    memory.giveBack(piece)
  })
})
