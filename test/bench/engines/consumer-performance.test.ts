import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readConsumerPerformance } from '../../../bench/engines/consumer-performance.ts'

const header =
  'start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec'

describe('the figures of ConsumerPerformance', () => {
  it('begin where it had joined its group', () => {
    const row =
      '2026-11-23T16:00:00.000Z, 2026-11-23T16:00:05.500Z, 24.3, 4.4, 40000, 7272.7, 3500, 2000, 12.1, 20000.0'
    const to = Date.UTC(2026, 10, 23, 16, 0, 5, 500)
    assert.deepEqual(readConsumerPerformance(`WARN something\n${header}\n${row}\n`), {
      from: to - 2_000,
      to,
      records: 40_000,
    })
  })
  it('are asked for when they are not there', () => {
    assert.throws(() => readConsumerPerformance(''), /printed no figures/)
    assert.throws(() => readConsumerPerformance(`${header}\nWARN: Exiting before consuming`), /printed no figures/)
  })
})
