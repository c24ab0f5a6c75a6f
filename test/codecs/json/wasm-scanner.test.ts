import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { ScriptScanner } from '../../../src/codecs/json/script-scanner.ts'
import * as verdicts from '../../../src/codecs/json/verdicts.ts'
import { compileScanner, WasmScanner, wasmReadsMax } from '../../../src/codecs/json/wasm-scanner.ts'
import { barSchema } from '../../../src/model/bar.ts'
import { flightSchema } from '../../../src/model/flight.ts'
import type { Schema } from '../../../src/model/schema.ts'
import { packMessages } from './packed.ts'

const code = compileScanner()
assert.ok(code, 'this Node has no SIMD in WebAssembly')

const flight =
  '{"YEAR":2015,"MONTH":1,"DAY":1,"DAY_OF_WEEK":4,"AIRLINE":"AS","FLIGHT_NUMBER":98,"TAIL_NUMBER":null,"AIR_TIME":169.5}'
const bar =
  '{"Date":"2015-01-02","Open":57.24571228027344,"High":58,"Low":5e1,"Close":57.3,"Volume":12,"Label":"é","a":[{}]}'

describe('the scanners take for themselves', () => {
  const ways: readonly [name: string, schema: Schema, message: (i: number) => string][] = [
    ['flights', flightSchema, () => flight],
    ['bars', barSchema, () => bar],
    ['what has whitespace', flightSchema, () => ` ${flight.replaceAll(',', '\n,\t').replaceAll(':', ' : ')} `],
    [
      'any key order',
      flightSchema,
      (i) => JSON.stringify(Object.fromEntries(turned(Object.entries(JSON.parse(flight)), i))),
    ],
    ['arrays', barSchema, () => `[${bar} , ${bar}]`],
    ['escapes', barSchema, (i) => bar.replace('é', `\\u00e9\\n${i}`).replace('"a"', '"\\u0061\\ud83d"')],
    ['numbers as text', flightSchema, () => flight.replace('2015', '"2015"')],
    ['times of the epoch as dates', barSchema, (i) => bar.replace('"2015-01-02"', String(1_420_156_800 + 86_400 * i))],
  ]
  for (const [name, schema, message] of ways) {
    it(name, () => {
      const messages = Array.from({ length: 300 }, (_, i) => Buffer.from(message(i)))
      const reads = Object.keys(schema.fields)
      for (const scanner of [new WasmScanner(code, { schema, reads }), new ScriptScanner({ schema, reads })]) {
        const records = packMessages(messages)
        assert.equal(scanner.load(records, 0), messages.length)
        assert.equal(scanner.scan(0, messages.length), verdicts.DONE)
        assert.equal(scanner.projection.frame.length, name === 'arrays' ? 600 : 300)
      }
    })
  }
})

it('the compiled scanner and its callers mean the same by their numbers', () => {
  const layout = readFileSync(new URL('../../../src/codecs/json/assembly/layout.ts', import.meta.url), 'utf8')
  const said = new Map(
    [...layout.matchAll(/export const (\w+): i32 = (-?[\d_]+)/g)].map(([, name, value]) => [name, value]),
  )
  const { rowsMax, ...answers } = verdicts
  for (const [name, value] of Object.entries({ ...answers, ROWS_MAX: rowsMax, READS_MAX: wasmReadsMax })) {
    assert.equal(Number(said.get(name)?.replaceAll('_', '')), value, name)
  }
})

function turned<T>(items: readonly T[], by: number): T[] {
  return [...items.slice(by % items.length), ...items.slice(0, by % items.length)]
}
