import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { interpolate, parseCpuSeconds, parsePeakKib, ProcessMeter } from '../../../bench/process/process-meter.ts'
import { epochMs } from '../../../bench/process/clock.ts'

describe('the meter of a process', () => {
  it('reads user and system time, whatever the process is called', () => {
    const rest = 'S 1 2 3 4 5 6 7 8 9 10 250 75 0 0 20 0 11'
    assert.equal(parseCpuSeconds(`42 (java) ${rest}`), 3.25)
    assert.equal(parseCpuSeconds(`42 (a) R 9 (b) ${rest}`), 3.25)
    assert.throws(() => parseCpuSeconds('42 (java) S'), /no CPU times/)
  })
  it('reads the most memory, and none of a process that gave up its own', () => {
    assert.equal(parsePeakKib('Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t 1 kB\n'), 2048)
    assert.equal(parsePeakKib('Name:\tx\n'), 0)
  })
  it('goes straight from sample to sample, and not beyond them', () => {
    assert.deepEqual(
      [5, 10, 15, 25, 30, 99].map((x) => interpolate([10, 20, 30], [1, 2, 4], x)),
      [1, 1, 1.5, 3, 4, 4],
    )
    assert.equal(interpolate([], [], 1), 0)
  })
  it('sees the CPU that a process spends', { skip: process.platform !== 'linux' }, () => {
    const meter = new ProcessMeter(process.pid)
    const from = epochMs()
    const before = process.cpuUsage()
    while (epochMs() < from + 200);
    const spent = process.cpuUsage(before)
    meter.sample(true)
    meter.stop()
    const seconds = (spent.user + spent.system) / 1e6
    assert.ok(Math.abs(meter.cpuBetween(from, epochMs()) - seconds) < 0.05, 'within a few ticks of what it says itself')
    assert.ok(meter.peakMemoryMiB > 20)
  })
})
