import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { readCluster, writeCluster } from '../../../../src/broker/kafka/server/cluster-file.ts'
import {
  localKafkaLog,
  localKafkaStatus,
  stopLocalKafka,
} from '../../../../src/broker/kafka/server/local-kafka-status.ts'
import { silentLogger } from '../../../../src/foundation/logger.ts'

const cluster = {
  kafkaVersion: '4.3.1',
  clusterId: 'abc',
  // This test's own process, which is alive and no broker.
  nodes: [{ nodeId: 1, port: 20_001, controllerPort: 20_002, pid: process.pid, startedAtMs: 5 }],
}

async function emptyHome(t: { after(body: () => Promise<void>): void }): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'windsock-home-'))
  t.after(() => rm(home, { recursive: true }))
  return home
}

test('a home without a cluster has none', async (t) => {
  const home = await emptyHome(t)
  assert.equal(await readCluster(home), undefined)
  assert.deepEqual(await localKafkaStatus(home), { kind: 'none' })
  assert.deepEqual(await localKafkaLog(home, 10), [])
  assert.equal(await stopLocalKafka(home, { logger: silentLogger }), false)
})

test('what is written is read again', async (t) => {
  const home = await emptyHome(t)
  await writeCluster(home, cluster)
  assert.deepEqual(await readCluster(home), cluster)
})

test('a living process that is not this broker is neither taken for it nor ended', async (t) => {
  const home = await emptyHome(t)
  await writeCluster(home, cluster)
  const status = await localKafkaStatus(home)
  assert.equal(status.kind, 'stopped')
  assert.equal(await stopLocalKafka(home, { logger: silentLogger }), false)
})

test('a damaged file and a home that is a file are one-sentence errors', async (t) => {
  const home = await emptyHome(t)
  await mkdir(join(home, 'broker'))
  await writeFile(join(home, 'broker', 'cluster.json'), '{"nodes":[]}')
  await assert.rejects(readCluster(home), { code: 'config', message: /cluster\.json cannot be read/ })
  await writeFile(join(home, 'file'), '')
  await assert.rejects(writeCluster(join(home, 'file'), cluster), { code: 'config' })
})
