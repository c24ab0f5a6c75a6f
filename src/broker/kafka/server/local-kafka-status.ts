import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Logger } from '../../../foundation/logger.ts'
import { nodeDir, readCluster } from './cluster-file.ts'
import { tailServerLog } from './node-log.ts'
import { endNodes, livingNodes } from './node-process.ts'
import { brokersOf } from './start-nodes.ts'

/** What a home's local Kafka is doing. `degraded`: some nodes run and some do not. */
export type LocalKafkaStatus =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'stopped' | 'degraded' | 'running'
      readonly kafkaVersion: string
      /** How many nodes the cluster has. */
      readonly nodes: number
      /** `host:port` of every node, running or not. */
      readonly brokers: readonly string[]
      /** Of the nodes that run. */
      readonly pids: readonly number[]
      /** Since when the longest-running node runs, in milliseconds since the epoch. */
      readonly sinceMs: number | undefined
      /** What all nodes' records and indexes take on disk. */
      readonly dataBytes: number
    }

/** @throws WindsockError `config` when the home cannot be read */
export async function localKafkaStatus(home: string): Promise<LocalKafkaStatus> {
  const cluster = await readCluster(home)
  if (cluster === undefined) return { kind: 'none' }
  const running = await livingNodes(home, cluster.nodes)
  const sizes = await Promise.all(cluster.nodes.map((node) => bytesOnDisk(join(nodeDir(home, node.nodeId), 'data'))))
  const since = running.flatMap(({ startedAtMs }) => (startedAtMs === undefined ? [] : [startedAtMs]))
  return {
    kind: running.length === 0 ? 'stopped' : running.length < cluster.nodes.length ? 'degraded' : 'running',
    kafkaVersion: cluster.kafkaVersion,
    nodes: cluster.nodes.length,
    brokers: brokersOf(cluster.nodes),
    pids: running.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    sinceMs: since.length === 0 ? undefined : Math.min(...since),
    dataBytes: sizes.reduce((sum, bytes) => sum + bytes, 0),
  }
}

/** The last lines of the broker's log, oldest first; with several nodes, node by node and marked with its name. */
export async function localKafkaLog(home: string, lines: number): Promise<string[]> {
  const nodes = (await readCluster(home))?.nodes ?? []
  const tails = await Promise.all(
    nodes.map(async ({ nodeId }) => {
      const tail = await tailServerLog(home, nodeId, lines)
      return nodes.length === 1 ? tail : tail.map((line) => `node-${nodeId} ${line}`)
    }),
  )
  return tails.flat()
}

/**
 * Stops a home's brokers, whoever started them: cleanly, or by a kill after `timeoutMs`.
 *
 * @returns false when none was running
 */
export async function stopLocalKafka(
  home: string,
  options: { readonly logger: Logger; readonly timeoutMs?: number },
): Promise<boolean> {
  const cluster = await readCluster(home)
  if (cluster === undefined || (await livingNodes(home, cluster.nodes)).length === 0) return false
  await endNodes(resolve(home), cluster.nodes, { timeoutMs: options.timeoutMs ?? 4_000, logger: options.logger })
  return true
}

// Blocks, not lengths: Kafka's indexes are allocated at full length and mostly empty.
async function bytesOnDisk(dir: string): Promise<number> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined) // may just be deleted
        return found === undefined ? 0 : found.blocks * 512
      }),
  )
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
