import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isChosen, parseBenchOptions } from '../../bench/options.ts'

describe('the arguments of the bench', () => {
  it('mean a quick run of everything when there are none', () => {
    const options = parseBenchOptions([])
    assert.deepEqual(options, {
      size: 'quick',
      rounds: 3,
      records: undefined,
      json: undefined,
      only: [],
      help: false,
    })
    assert.equal(isChosen(options, 'latency'), true)
    assert.equal(isChosen(options, 'flights-drain', 'kafkajs'), true)
  })
  it('choose parts, and engines of a job', () => {
    const options = parseBenchOptions(['--only', 'flights-drain/windsock,flights-drain/kafkajs', '--only', 'latency'])
    assert.equal(isChosen(options, 'flights-drain'), true)
    assert.equal(isChosen(options, 'flights-drain', 'kafkajs'), true)
    assert.equal(isChosen(options, 'flights-drain', 'kafka-streams'), false)
    assert.equal(isChosen(options, 'latency'), true)
    assert.equal(isChosen(options, 'bars-indicators'), false)
    assert.equal(isChosen(options, 'memory'), false)
  })
  it('take numbers, with underscores too', () => {
    const { size, records, rounds, json } = parseBenchOptions(
      '--full --records 2_000 --rounds 5 --json a.json'.split(' '),
    )
    assert.deepEqual([size, records, rounds, json], ['full', 2_000, 5, 'a.json'])
  })
  it('are refused with what there is instead', () => {
    assert.throws(() => parseBenchOptions(['--only', 'flights']), /there is no flights; there are flights-drain, bars/)
    assert.throws(() => parseBenchOptions(['--only', 'flights-drain/spark']), /no engine spark; .*kafka-streams/)
    assert.throws(() => parseBenchOptions(['--only', 'latency/kafkajs']), /latency has no engine kafkajs/)
    assert.throws(() => parseBenchOptions(['--rounds', '0']), /--rounds takes a whole number from 1 on, got "0"/)
    assert.throws(() => parseBenchOptions(['--records', '1e6']), /--records/)
    assert.throws(() => parseBenchOptions(['--fast']), /--fast/)
  })
})
