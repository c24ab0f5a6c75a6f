import assert from 'node:assert/strict'
import { it } from 'node:test'
import { openDecoder } from '../../../src/codecs/json/json-codec.ts'
import { barSchema } from '../../../src/model/bar.ts'
import { flightSchema } from '../../../src/model/flight.ts'
import type { Schema } from '../../../src/model/schema.ts'
import { createRandom, type Random } from '../../support/random.ts'
import { createProducer } from './odd-messages.ts'
import { packMessages } from './packed.ts'
import { decodeAll, decodeByParsing, findDifference } from './same-frames.ts'

/** WINDSOCK_CASES=2000000 for a long run, with `node --test` rather than by npm test, which has no such patience. */
const cases = Number(process.env['WINDSOCK_CASES'] ?? 20_000)

const schemas: Record<'flights' | 'prices', Schema> = { flights: flightSchema, prices: barSchema }

it('a decoder takes messages in the memory it gave and in any other as JSON.parse does', () => {
  const random = createRandom()
  console.log(`# WINDSOCK_SEED=${random.seed} WINDSOCK_CASES=${cases}`)
  for (let done = 0; done < cases;) done += compareMany(random, random.next() < 0.5 ? 'flights' : 'prices')
})

/** Some batches of messages through both scanners, with some of a schema's columns; how many messages that were. */
function compareMany(random: Random, of: keyof typeof schemas): number {
  const schema = schemas[of]
  const share = random.next()
  const reads = Object.keys(schema.fields).filter(() => random.next() < share)
  const wasm = openDecoder({ schema, reads, scanner: 'wasm' })
  const script = openDecoder({ schema, reads, scanner: 'script' })
  let count = 0
  for (let batch = 0; batch < 8; batch++) {
    const producers = Array.from({ length: 1 + random.below(3) }, () => createProducer(random, schema))
    const messages = Array.from({ length: 1 + random.below(40) }, () => {
      const producer = producers[random.below(producers.length)]
      return producer === undefined || random.next() < 0.01 ? null : producer()
    })
    const isInPlace = random.next() < 0.5
    const records = packMessages(messages, isInPlace ? wasm.memory : undefined)
    const expected = decodeByParsing(schema, reads, records)
    for (const [name, decoder] of [['wasm', wasm] as const, ['script', script] as const]) {
      const difference = findDifference(decodeAll(decoder, records), expected)
      const seen = messages.map((message) => (message === null ? 'null' : JSON.stringify(String(message))))
      if (difference !== undefined) {
        assert.fail(`${name}, seed ${random.seed}, ${schema.name} [${reads.join()}]: ${difference}\n${seen.join('\n')}`)
      }
    }
    if (isInPlace) wasm.memory.giveBack(records.bytes)
    count += messages.length
  }
  return count
}
