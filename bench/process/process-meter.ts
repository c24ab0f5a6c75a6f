import { readFileSync } from 'node:fs'
import { epochMs } from './clock.ts'

const sampleEveryMs = 10
const memoryEverySamples = 5
/** What `sysconf(_SC_CLK_TCK)` is on every Linux of today. */
const ticksPerSecond = 100
const kibPerMib = 1024

/**
 * Looks at a process from outside, the same for all engines: the CPU of all its threads, those that ended included, from
 * `/proc/PID/stat`, and the most memory it ever had resident (`VmHWM`) from `/proc/PID/status`.
 */
export class ProcessMeter {
  private readonly pid: number
  private readonly timer: NodeJS.Timeout
  private readonly times: number[] = []
  private readonly cpuSeconds: number[] = []
  private peakKib = 0

  constructor(pid: number) {
    this.pid = pid
    this.sample()
    this.timer = setInterval(() => this.sample(), sampleEveryMs)
  }

  /** Looks once more, and at the memory too; harmless when the process is gone. */
  sample(withMemory = this.times.length % memoryEverySamples === 0): void {
    try {
      const seconds = parseCpuSeconds(readFileSync(`/proc/${this.pid}/stat`, 'utf8'))
      if (withMemory)
        this.peakKib = Math.max(this.peakKib, parsePeakKib(readFileSync(`/proc/${this.pid}/status`, 'utf8')))
      this.times.push(epochMs())
      this.cpuSeconds.push(seconds)
    } catch {
      this.stop()
    }
  }

  stop(): void {
    clearInterval(this.timer)
  }

  /** CPU seconds spent between two times, milliseconds since the epoch; between two samples it is taken as even. */
  cpuBetween(from: number, to: number): number {
    return interpolate(this.times, this.cpuSeconds, to) - interpolate(this.times, this.cpuSeconds, from)
  }

  get cpuInAll(): number {
    return this.cpuSeconds.at(-1) ?? 0
  }

  get peakMemoryMiB(): number {
    return this.peakKib / kibPerMib
  }
}

/** User and system time of all threads. The name in parentheses may hold anything, so the fields are counted behind it. */
export function parseCpuSeconds(stat: string): number {
  const fields = stat
    .slice(stat.lastIndexOf(')') + 2)
    .trim()
    .split(' ')
  const ticks = Number(fields[11]) + Number(fields[12])
  if (!Number.isFinite(ticks)) throw new Error(`no CPU times in ${stat}`)
  return ticks / ticksPerSecond
}

/** 0 for a process that has given up its memory. */
export function parsePeakKib(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0)
}

/** The value at `x` on the line through the points, whose `xs` rise; beyond their ends that of the nearest. */
export function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const after = xs.findIndex((each) => each >= x)
  if (after === 0 || xs.length === 0) return ys[0] ?? 0
  if (after < 0) return ys.at(-1) ?? 0
  const [x0 = 0, x1 = 0, y0 = 0, y1 = 0] = [xs[after - 1], xs[after], ys[after - 1], ys[after]]
  return y0 + ((y1 - y0) * (x - x0)) / (x1 - x0)
}
