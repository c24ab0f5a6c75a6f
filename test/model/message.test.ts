import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { createFrame, type FrameBuilder } from '../../src/model/frame.ts'
import { decodeMessage, encodeRow } from '../../src/model/message.ts'
import { frameOfCells, reasonsOf, thingNames, thingSchema, type ThingFields } from './rows.ts'

function decode(...messages: readonly (string | undefined)[]): FrameBuilder<ThingFields> {
  const frame = createFrame(thingSchema, 'topic')
  messages.forEach((text, offset) => decodeMessage(frame, text, offset))
  return frame
}

describe('a message', () => {
  it('is a JSON record of the column names, with the time of sending in seconds', () => {
    const frame = frameOfCells(['A "b"\n', '1.50', '', '0005', '2015-01-31'])
    assert.equal(
      encodeRow(frame, 0, 1_420_070_400.25),
      '{"Label":"A \\"b\\"\\n","Adj Close":1.5,"COUNT":null,"DEP_TIME":"0005","Date":"2015-01-31","ts":1420070400.25}',
    )
  })

  it('leaves out a column that is not there', () => {
    const frame = createFrame(thingSchema, 'a.csv')
    frame.addCells(['label'], ['A'], 1)
    assert.equal(encodeRow(frame, 0, 1), '{"Label":"A","ts":1}')
  })

  it('of any row is read back as the same row', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1 }),
      fc.constantFrom('__proto__', '"', '\\', '\u2028', '\ud800'),
    )
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => String(value === 0 ? 0 : value))
    const row = fc.tuple(
      text,
      fc.oneof(finite, fc.constant('')),
      fc.oneof(fc.integer({ min: 0, max: 31 }).map(String), fc.constant('')),
      fc.constantFrom('0000', '0059', '2400', ''),
      fc.constantFrom('2015-01-31', '2015-01-31T09:30:00-05:00', ''),
    )
    fc.assert(
      fc.property(row, fc.integer({ min: 1, max: 5 }), (cells, width) => {
        const sent = createFrame(thingSchema, 'a.csv')
        sent.addCells(thingNames.slice(0, width), cells.slice(0, width), 1)
        const json = encodeRow(sent, 0, 1.5)
        const received = decode(json)
        assert.deepEqual(received.recordAt(0), sent.recordAt(0))
        assert.deepEqual(received.cellsAt(0), sent.cellsAt(0))
        assert.deepEqual(JSON.parse(json), { ...sent.recordAt(0), ts: 1.5 })
      }),
      { numRuns: 500 },
    )
  })

  it('may have its columns under other names, as text, and in any order', () => {
    const frame = decode('{"symbol":"A","dep_time":905,"Adj_Close":"1.5","ts":3,"more":[1,{}]}')
    assert.deepEqual(frame.recordAt(0), { Label: 'A', 'Adj Close': 1.5, DEP_TIME: '0905' })
  })

  it('may be an array of records, each with the offset of the message', () => {
    const frame = decode('{"Label":"A"}', '[{"Label":"B"},{"COUNT":99,"Label":"C"},7,{"Label":"D"}]', '[]')
    assert.deepEqual(
      [0, 1, 2].map((i) => `${String(frame.cellAt('label', i))}${frame.positionAt(i)}`),
      ['A0', 'B1', 'D1'],
    )
    assert.deepEqual(frame.refusals, [
      { position: 1, reason: 'COUNT: "99" is not a whole number from 0 to 31', sample: '{"COUNT":99,"Label":"C"}' },
      { position: 1, reason: 'not a JSON object or an array of them', sample: '7' },
    ])
  })

  it('that is no record is refused with its offset and text, and nothing throws', () => {
    const frame = decode(
      undefined,
      '',
      'YEAR,MONTH',
      '{"Label":',
      'null',
      '3',
      '"x"',
      '[[{"Label":"A"}]]',
      '{"Label":NaN}',
    )
    assert.equal(frame.length, 0)
    assert.deepEqual(
      frame.refusals.map(({ position, reason, sample }) => [position, reason, sample]),
      [
        [0, 'the message has no value or is not valid UTF-8', ''],
        [1, 'not JSON', ''],
        [2, 'not JSON', 'YEAR,MONTH'],
        [3, 'not JSON', '{"Label":'],
        [4, 'not a JSON object or an array of them', 'null'],
        [5, 'not a JSON object or an array of them', '3'],
        [6, 'not a JSON object or an array of them', '"x"'],
        [7, 'not a JSON object or an array of them', '[{"Label":"A"}]'],
        [8, 'not JSON', '{"Label":NaN}'],
      ],
    )
  })

  it('with __proto__ is refused and changes no prototype', () => {
    const frame = decode(
      '{"Label":"A","__proto__":{"polluted":true}}',
      '[{"__proto__":1}]',
      '{"constructor":{},"Label":"B"}',
    )
    assert.deepEqual(reasonsOf(frame), Array(2).fill('the record has a member named __proto__'))
    assert.equal(frame.cellAt('label', 0), 'B')
    assert.equal(Reflect.get({}, 'polluted'), undefined)
  })

  it('that is nested very deeply is read or refused, and nothing throws', () => {
    const deep = '['.repeat(300_000) + ']'.repeat(300_000)
    const frame = decode(`{"Label":"A","more":${deep}}`, `[${deep}]`, `{"Label":${deep}}`, `[{"Date":{"a":${deep}}}]`)
    assert.equal(frame.length, 1)
    assert.deepEqual(
      frame.refusals.map(({ reason, sample }) => [reason, sample.slice(0, 10)]),
      [
        ['not a JSON object or an array of them', '[…]'],
        ['Label: "[…]" is not text', '{"Label":['],
        ['Date: "{…}" is not a date such as 2015-01-31', '{…}'],
      ],
    )
  })

  it('of any text is a row or a refusal', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const frame = decode(text)
        assert.ok(frame.length + frame.refusals.length >= 1 || JSON.parse(text).length === 0)
      }),
      { numRuns: 1_000 },
    )
  })
})
