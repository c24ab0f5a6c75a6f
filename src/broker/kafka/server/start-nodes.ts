import { randomUUID } from 'node:crypto'
import { WindsockError } from '../../../foundation/errors.ts'
import { readCluster, writeCluster, type ClusterFile, type NodeEntry } from './cluster-file.ts'
import { prepareNode } from './format-storage.ts'
import { livingNodes, spawnNode, type Launch } from './node-process.ts'
import type { WatchedNode } from './node-watch.ts'
import { choosePorts, isPortFree, loopback } from './ports.ts'

export interface StartNodesOptions {
  readonly home: string
  /** Undefined: as many as the home has, one in a new home. */
  readonly nodes: 1 | 3 | undefined
  /** Of what is started. */
  readonly kafkaVersion: string
  readonly heapMiB: number
  readonly launch: Launch
  readonly signal: AbortSignal | undefined
}

/**
 * Starts those nodes of the home's cluster that do not run, and remembers their processes. To be called by one
 * process at a time.
 *
 * @returns all nodes, with a child process where it was started here
 */
export async function startNodes(options: StartNodesOptions): Promise<WatchedNode[]> {
  const { home, kafkaVersion, launch, signal } = options
  const known = await knownCluster(home, options.nodes)
  const alive = (await livingNodes(home, known?.nodes ?? [])).map((node) => node.nodeId)
  let cluster = await withUsablePorts(known ?? (await newCluster(options.nodes ?? 1, kafkaVersion)), alive)
  await writeCluster(home, cluster)
  const missing = cluster.nodes.filter((node) => !alive.includes(node.nodeId)).map((node) => node.nodeId)
  await Promise.all(missing.map((nodeId) => prepareNode(launch, home, cluster, nodeId, signal)))
  signal?.throwIfAborted()
  const started: WatchedNode[] = []
  for (const nodeId of missing) {
    const child = await spawnNode(launch, home, nodeId, options.heapMiB)
    const process = { startedAtMs: Date.now(), ...(child.pid === undefined ? {} : { pid: child.pid }) }
    const nodes = cluster.nodes.map((node) => (node.nodeId === nodeId ? { ...node, ...process } : node))
    cluster = { ...cluster, kafkaVersion, nodes }
    await writeCluster(home, cluster)
    started.push(...nodes.filter((node) => node.nodeId === nodeId).map((entry) => ({ entry, child })))
  }
  return cluster.nodes.map(
    (entry) => started.find((node) => node.entry.nodeId === entry.nodeId) ?? { entry, child: undefined },
  )
}

/**
 * The cluster of this home, if it has one.
 *
 * @throws WindsockError `config` when it has another number of nodes than asked for
 */
export async function knownCluster(home: string, nodes: 1 | 3 | undefined): Promise<ClusterFile | undefined> {
  const known = await readCluster(home)
  if (known === undefined || nodes === undefined || known.nodes.length === nodes) return known
  throw new WindsockError('config', `${home} holds a cluster of ${known.nodes.length} and cannot run one of ${nodes}`, {
    hint: 'Choose another home by --home, or leave the number of nodes as it is',
  })
}

/** The addresses for clients. */
export function brokersOf(nodes: readonly NodeEntry[]): string[] {
  return nodes.map((node) => `${loopback}:${node.port}`)
}

async function newCluster(nodeCount: number, kafkaVersion: string): Promise<ClusterFile> {
  const ports = await choosePorts(nodeCount * 2)
  const nodes = Array.from({ length: nodeCount }, (_, index): NodeEntry => {
    const [port = 0, controllerPort = 0] = ports.slice(index * 2)
    return { nodeId: index + 1, port, controllerPort }
  })
  const clusterId = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
  return { kafkaVersion, clusterId, nodes }
}

/** Ports stay what they are, so that clients find the broker again, except where somebody else has taken them. */
async function withUsablePorts(cluster: ClusterFile, alive: readonly number[]): Promise<ClusterFile> {
  const keepOrChoose = async (port: number): Promise<number> => {
    if (await isPortFree(port)) return port
    if (alive.length > 0) {
      throw new WindsockError('port-in-use', `port ${port} of a node that is to join a running cluster is taken`, {
        hint: 'Free the port, or stop the cluster and start it again, on other ports',
      })
    }
    const [other = port] = await choosePorts(1)
    return other
  }
  const nodes: NodeEntry[] = []
  for (const node of cluster.nodes) {
    if (alive.includes(node.nodeId)) nodes.push(node)
    else {
      const [port, controllerPort] = [await keepOrChoose(node.port), await keepOrChoose(node.controllerPort)]
      nodes.push({ ...node, port, controllerPort })
    }
  }
  return { ...cluster, nodes }
}
