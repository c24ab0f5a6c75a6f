import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { Admin, Producer } from '@platformatic/kafka'
import { readCluster } from '../../../../src/broker/kafka/server/cluster-file.ts'
import { startLocalKafka, type LocalKafka } from '../../../../src/broker/kafka/server/local-kafka.ts'
import {
  localKafkaLog,
  localKafkaStatus,
  stopLocalKafka,
} from '../../../../src/broker/kafka/server/local-kafka-status.ts'
import { loopback } from '../../../../src/broker/kafka/server/ports.ts'
import { silentLogger } from '../../../../src/foundation/logger.ts'
import { needsJava, temporaryKafka } from './needs-java.ts'

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function withAdmin<Result>(kafka: LocalKafka, body: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [...kafka.brokers] })
  try {
    return await body(admin)
  } finally {
    await admin.close()
  }
}

async function publish(kafka: LocalKafka, topic: string, count: number): Promise<void> {
  const producer = new Producer({
    clientId: 'test',
    bootstrapBrokers: [...kafka.brokers],
    retries: true,
    retryDelay: 50,
  })
  try {
    const messages = Array.from({ length: count }, (_, index) => ({ topic, value: Buffer.from(`record ${index}`) }))
    await producer.send({ messages, acks: -1 })
  } finally {
    await producer.close()
  }
}

async function endOffset(kafka: LocalKafka, topic: string): Promise<bigint> {
  return withAdmin(kafka, async (admin) => {
    const topics = await admin.listOffsets({
      topics: [{ name: topic, partitions: [{ partitionIndex: 0, timestamp: -1n }] }],
    })
    return topics[0]?.partitions[0]?.offset ?? -1n
  })
}

test('a broker that is ready answers, and stopping it leaves no process', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  const kafka = await startLocalKafka(options)
  assert.equal(kafka.adopted, false)
  const metadata = await withAdmin(kafka, (admin) => admin.metadata({ topics: [] }))
  assert.equal(metadata.brokers.size, 1)
  const status = await localKafkaStatus(options.home)
  assert.ok(status.kind === 'running')
  assert.deepEqual(status.brokers, kafka.brokers)
  assert.ok(status.dataBytes > 0)
  assert.match((await localKafkaLog(options.home, 50)).join('\n'), /Kafka Server started/)
  await kafka.stop()
  assert.equal(await kafka.exited, undefined)
  assert.ok(!kafka.pids.some(isAlive))
  assert.equal((await localKafkaStatus(options.home)).kind, 'stopped')
  assert.match((await localKafkaLog(options.home, 20)).join('\n'), /App info kafka\.server for 1 unregistered/)
})

test(
  'a killed broker is a crash with the end of its log, and its next start has the data on the same port',
  needsJava,
  async (t) => {
    const options = await temporaryKafka(t)
    const first = await startLocalKafka(options)
    await withAdmin(first, (admin) => admin.createTopics({ topics: ['kept'], partitions: 1, replicas: 1 }))
    await publish(first, 'kept', 100)
    process.kill(first.pids[0] ?? 0, 'SIGKILL')
    const crash = await first.exited
    assert.equal(crash?.code, 'broker-crashed')
    assert.match(crash.message, /was ended by SIGKILL/)
    assert.match(crash.hint ?? '', /INFO .* kept-0 /)
    const second = await startLocalKafka(options)
    assert.deepEqual(second.brokers, first.brokers)
    assert.equal(await endOffset(second, 'kept'), 100n)
    await publish(second, 'kept', 1)
    assert.equal(await endOffset(second, 'kept'), 101n)
    await second.stop()
  },
)

test('a broker that outlives the process that started it is adopted', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  const started = await startInOtherProcess(options.home, options.cacheDir)
  const adopter = await startLocalKafka(options)
  assert.equal(adopter.adopted, true)
  assert.deepEqual(adopter.pids, started)
  process.kill(adopter.pids[0] ?? 0, 'SIGKILL')
  assert.equal((await adopter.exited)?.code, 'broker-crashed')
})

// The other process kills itself with SIGKILL, as a crash would, once the broker is ready.
async function startInOtherProcess(home: string, cacheDir: string): Promise<number[]> {
  const module = new URL('../../../../src/broker/kafka/server/local-kafka.ts', import.meta.url).href
  const script = `
    const { startLocalKafka } = await import(${JSON.stringify(module)})
    const logger = { info() {}, warn() {}, error() {} }
    await startLocalKafka({ home: ${JSON.stringify(home)}, cacheDir: ${JSON.stringify(cacheDir)}, logger, env: process.env })
    process.kill(process.pid, 'SIGKILL')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
  const cluster = await readCluster(home)
  return cluster?.nodes.flatMap(({ pid }) => (pid === undefined ? [] : [pid])) ?? []
}

test('a broker that was released runs on until any process stops it', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  const kafka = await startLocalKafka(options)
  kafka.release()
  assert.equal(await kafka.exited, undefined)
  assert.ok(kafka.pids.every(isAlive))
  assert.equal(await stopLocalKafka(options.home, { logger: silentLogger }), true)
  assert.equal((await localKafkaStatus(options.home)).kind, 'stopped')
})

test('two starts of one home at once share one broker', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  const [a, b] = await Promise.all([startLocalKafka(options), startLocalKafka(options)])
  assert.deepEqual(a.pids, b.pids)
  assert.notEqual(a.adopted, b.adopted)
  await Promise.all([a.stop(), b.stop()])
})

test('a port that was taken meanwhile is replaced by another', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  const first = await startLocalKafka(options)
  await first.stop()
  const server = createServer().listen(Number(first.brokers[0]?.split(':')[1]), loopback)
  await once(server, 'listening')
  t.after(() => server.close())
  const second = await startLocalKafka(options)
  assert.notDeepEqual(second.brokers, first.brokers)
  await second.stop()
})

test('a broker that cannot start says why, and nothing is left running', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  await (await startLocalKafka(options)).stop()
  const data = join(options.home, 'broker', 'node-1', 'data')
  await rm(join(data, '__cluster_metadata-0'), { recursive: true })
  await writeFile(join(data, '__cluster_metadata-0'), '')
  await assert.rejects(startLocalKafka(options), { code: 'broker-crashed', hint: /__cluster_metadata-0/ })
  assert.equal((await localKafkaStatus(options.home)).kind, 'stopped')
})

test('a start that is given up leaves no process', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  const abort = new AbortController()
  const start = startLocalKafka({ ...options, signal: abort.signal })
  while ((await localKafkaStatus(options.home)).kind !== 'running') await new Promise(setImmediate)
  abort.abort(new Error('enough'))
  await assert.rejects(start, /enough/)
  assert.equal((await localKafkaStatus(options.home)).kind, 'stopped')
})

test('a home that cannot be one is a config error', needsJava, async (t) => {
  const options = await temporaryKafka(t)
  await writeFile(join(options.home, 'file'), '')
  await assert.rejects(startLocalKafka({ ...options, home: join(options.home, 'file') }), { code: 'config' })
  await assert.rejects(startLocalKafka({ ...options, home: '/sys/nowhere' }), { code: 'config' })
  await assert.rejects(startLocalKafka({ ...options, home: join(options.home, 'a,b') }), {
    code: 'config',
    message: /comma/,
  })
})

test('three nodes keep each record three times and stay readable without one of them', needsJava, async (t) => {
  const options = { ...(await temporaryKafka(t)), nodes: 3 as const }
  const kafka = await startLocalKafka({ ...options, heapMiB: 256 })
  assert.equal(kafka.pids.length, 3)
  await withAdmin(kafka, (admin) => admin.createTopics({ topics: ['kept'], partitions: 1, replicas: -1 }))
  await publish(kafka, 'kept', 10)
  const metadata = await withAdmin(kafka, (admin) => admin.metadata({ topics: ['kept'] }))
  assert.equal(metadata.topics.get('kept')?.partitions[0]?.replicas.length, 3)
  process.kill(kafka.pids[2] ?? 0, 'SIGKILL')
  assert.match((await kafka.exited)?.message ?? '', /node 3/)
  assert.equal((await localKafkaStatus(options.home)).kind, 'degraded')
  await assert.rejects(startLocalKafka({ ...options, nodes: 1 }), { code: 'config', message: /holds a cluster of 3/ })
  const whole = await startLocalKafka(options)
  assert.deepEqual(whole.pids.slice(0, 2), kafka.pids.slice(0, 2), 'the survivors are kept')
  assert.equal(await endOffset(whole, 'kept'), 10n)
  await whole.stop()
  assert.equal((await localKafkaStatus(options.home)).kind, 'stopped')
})
