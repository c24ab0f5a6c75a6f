import type { NodeEntry } from './cluster-file.ts'
import { loopback } from './ports.ts'

/**
 * The text of a node's `server.properties`. Every node is a broker and a controller, on the loopback interface only.
 *
 * @param nodes all nodes of the cluster, 1 or 3
 * @param dataDir where the records are kept
 */
export function serverProperties(node: NodeEntry, nodes: readonly NodeEntry[], dataDir: string): string {
  const settings = { ...placeOf(node, nodes, dataDir), ...replication(nodes.length), ...sizes, ...groups }
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${escapeValue(String(value))}\n`)
    .join('')
}

function placeOf(node: NodeEntry, nodes: readonly NodeEntry[], dataDir: string): Record<string, string | number> {
  const client = `CLIENT://${loopback}:${node.port}`
  return {
    'process.roles': 'broker,controller',
    'node.id': node.nodeId,
    'controller.quorum.voters': nodes.map((n) => `${n.nodeId}@${loopback}:${n.controllerPort}`).join(','),
    listeners: `${client},CONTROLLER://${loopback}:${node.controllerPort}`,
    'advertised.listeners': client,
    'listener.security.protocol.map': 'CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'CLIENT',
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': dataDir,
  }
}

function replication(nodeCount: number): Record<string, number> {
  const factor = nodeCount
  const inSyncMin = nodeCount === 1 ? 1 : 2
  return {
    'default.replication.factor': factor,
    'min.insync.replicas': inSyncMin,
    'offsets.topic.replication.factor': factor,
    'transaction.state.log.replication.factor': factor,
    'transaction.state.log.min.isr': inSyncMin,
    'share.coordinator.state.topic.replication.factor': factor,
    'share.coordinator.state.topic.min.isr': inSyncMin,
    // After a kill, the next process of a node waits until the controller gives up the session of the last one. Alone,
    // nobody takes over meanwhile, so it is short; among three it is what a stall may last before leaders move.
    'broker.session.timeout.ms': nodeCount === 1 ? 2_000 : 6_000,
    'broker.heartbeat.interval.ms': 500,
  }
}

/** For one machine, a few topics and a quick start. */
const sizes = {
  'auto.create.topics.enable': false,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.num.partitions': 4,
  'share.coordinator.state.topic.num.partitions': 4,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 4,
  'group.coordinator.threads': 1,
  // 128 MB by default. 24 bytes a key: 157,000 keys a pass, more than one batch of 1 MiB can hold, so that cleaning
  // always gets ahead.
  'log.cleaner.dedupe.buffer.size': 4_194_304,
  // 10 MB by default, two of them a segment, mapped and full of holes: where a machine reads far ahead (8 MiB here), the
  // first look at one clears all of it. Enough for segments of 350 MB, which are closed then.
  'log.index.size.max.bytes': 1_048_576,
  // No JMX.
  'metric.reporters': '',
}

/** Consumers may be given up quickly and hear of new partitions quickly. A restart after a kill takes some 4 s. */
const groups = {
  'group.initial.rebalance.delay.ms': 0,
  'group.min.session.timeout.ms': 1_000,
  'group.consumer.session.timeout.ms': 10_000,
  'group.consumer.min.session.timeout.ms': 1_000,
  'group.consumer.heartbeat.interval.ms': 500,
  'group.consumer.min.heartbeat.interval.ms': 100,
  'group.consumer.assignment.interval.ms': 100,
}

/** Java reads such a file as Latin-1, with a backslash for all else. */
function escapeValue(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
