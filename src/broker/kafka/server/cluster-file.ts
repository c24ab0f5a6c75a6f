import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describeError, systemCode, WindsockError } from '../../../foundation/errors.ts'

/** What is remembered of one broker between starts. */
export interface NodeEntry {
  readonly nodeId: number
  readonly port: number
  readonly controllerPort: number
  /** The process that was started last; only `isNodeAlive` tells whether it still is that broker. */
  readonly pid?: number
  /** When that process was started, in milliseconds since the epoch. */
  readonly startedAtMs?: number
}

/** A local cluster as it is kept in `<home>/broker/cluster.json`. */
export interface ClusterFile {
  readonly kafkaVersion: string
  readonly clusterId: string
  readonly nodes: readonly NodeEntry[]
}

export function brokerDir(home: string): string {
  return join(resolve(home), 'broker')
}

/** A node's folder: its settings, its logs and, in `data`, its records. */
export function nodeDir(home: string, nodeId: number): string {
  return join(brokerDir(home), `node-${nodeId}`)
}

function clusterFile(home: string): string {
  return join(brokerDir(home), 'cluster.json')
}

/**
 * @returns undefined when no cluster was ever started in this home
 * @throws WindsockError `config` for a file that cannot be read or is not a cluster's
 */
export async function readCluster(home: string): Promise<ClusterFile | undefined> {
  const path = clusterFile(home)
  try {
    return parseCluster(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw homeError(home, `its ${path} cannot be read`, error)
  }
}

export async function writeCluster(home: string, cluster: ClusterFile): Promise<void> {
  const path = clusterFile(home)
  try {
    await mkdir(brokerDir(home), { recursive: true })
    await writeFile(`${path}.new`, `${JSON.stringify(cluster, undefined, 2)}\n`)
    await rename(`${path}.new`, path)
  } catch (error) {
    throw homeError(home, 'it cannot be written', error)
  }
}

export function homeError(home: string, what: string, cause: unknown): WindsockError {
  return new WindsockError('config', `${home} cannot be the home of a local Kafka: ${what} (${describeError(cause)})`, {
    hint: 'Make room or grant access there, or choose another home by --home',
    cause,
  })
}

function parseCluster(value: unknown): ClusterFile {
  const { kafkaVersion, clusterId, nodes } = fieldsOf(value)
  if (
    typeof kafkaVersion !== 'string' ||
    typeof clusterId !== 'string' ||
    !Array.isArray(nodes) ||
    nodes.length === 0
  ) {
    throw new TypeError('kafkaVersion, clusterId and nodes are expected')
  }
  return { kafkaVersion, clusterId, nodes: nodes.map(parseNode) }
}

function parseNode(value: unknown): NodeEntry {
  const { nodeId, port, controllerPort, pid, startedAtMs } = fieldsOf(value)
  if (typeof nodeId !== 'number' || typeof port !== 'number' || typeof controllerPort !== 'number') {
    throw new TypeError('nodeId, port and controllerPort are expected of a node')
  }
  if (typeof pid !== 'number' || typeof startedAtMs !== 'number') return { nodeId, port, controllerPort }
  return { nodeId, port, controllerPort, pid, startedAtMs }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null) throw new TypeError('an object is expected')
  return { ...value }
}
