import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { kafkaVersion } from '../src/broker/kafka/server/cache-dir.ts'
import type { Java } from '../src/broker/kafka/server/java.ts'

/** Where the figures were measured: they mean little anywhere else. */
export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryMiB: number
  readonly system: string
  readonly node: string
  readonly java: string
  readonly kafka: string
  readonly date: string
}

export function describeMachine(java: Java): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryMiB: Math.round(totalmem() / 1_048_576),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.versions.node,
    java: /version "([^"]+)"/.exec(java.banner)?.[1] ?? java.banner,
    kafka: kafkaVersion,
    date: new Date().toISOString(),
  }
}
