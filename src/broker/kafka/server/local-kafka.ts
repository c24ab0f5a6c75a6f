import { resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCode, WindsockError } from '../../../foundation/errors.ts'
import type { Logger } from '../../../foundation/logger.ts'
import { beginClassArchive, findClassArchive } from './class-archive.ts'
import { homeError, nodeDir } from './cluster-file.ts'
import { isClusterReady } from './cluster-ready.ts'
import type { Environment } from './find-executable.ts'
import { ensureJars } from './jars.ts'
import { findJava, type Java } from './java.ts'
import { bundledRelease, type KafkaRelease } from './kafka-release.ts'
import { endNodes, livingNodes } from './node-process.ts'
import { watchNodes, type NodeWatch, type WatchedNode } from './node-watch.ts'
import { brokersOf, knownCluster, startNodes } from './start-nodes.ts'
import { withStartLock } from './start-lock.ts'

export interface LocalKafkaOptions {
  /** The folder that holds all of it, below `broker`. Made when it is missing. */
  readonly home: string
  /** Three nodes replicate threefold and survive the loss of one. Left out: what the home has, one in a new home. */
  readonly nodes?: 1 | 3
  /** `bundledRelease` when left out; each has a `cacheDir` of its own. */
  readonly release?: KafkaRelease
  /** Where Kafka's jars are kept; see `defaultCacheDir`. */
  readonly cacheDir: string
  readonly logger: Logger
  /** The environment of the child processes, in which Java and Maven are looked for. */
  readonly env: Environment
  /** Left out: the one that `findJava` finds, and only looked for when a broker is to be started. */
  readonly java?: Java
  /** Heap of each node; 512 when left out. */
  readonly heapMiB?: number
  /** How long `stop` waits for clean ends before it kills; 4,000 when left out. */
  readonly stopTimeoutMs?: number
  /** How long the brokers may take to answer; 60,000 when left out. */
  readonly readyTimeoutMs?: number
  /** Gives the start up; brokers it has started are ended. Without meaning once the start is done. */
  readonly signal?: AbortSignal
}

/** A local cluster that answers. */
export interface LocalKafka {
  /** `host:port` of every node. */
  readonly brokers: readonly string[]
  readonly pids: readonly number[]
  /** True when all of it was running before. */
  readonly adopted: boolean
  /**
   * Resolves when a node dies unasked, with `broker-crashed` and the end of its log in the hint; with undefined after
   * `stop` or `release`. Calling `startLocalKafka` again with the same home starts what is missing, on the same ports.
   */
  readonly exited: Promise<WindsockError | undefined>
  /** Ends every node, also adopted ones: cleanly, or by a kill once the time for that is over. */
  stop(): Promise<void>
  /** Lets go: the brokers run on, and this process no longer waits for them. */
  release(): void
}

const pollMs = 50

/**
 * Starts Apache Kafka on this machine, or adopts what is running from this home, and resolves once every broker has
 * answered a metadata request that names all of them. The first start on a machine installs the jars, the first start
 * of a home formats its storage.
 *
 * @throws WindsockError `java-missing`, `maven-missing`, `kafka-jars`; `config` for a home that cannot be used;
 *   `broker-crashed` with the end of the log; `broker-unreachable` when the time is over
 */
export async function startLocalKafka(options: LocalKafkaOptions): Promise<LocalKafka> {
  const home = resolve(options.home)
  if (home.includes(','))
    throw new WindsockError('config', `Kafka cannot keep its data in ${home}: the path has a comma`)
  const running = await runningNodes(home, options.nodes)
  if (running !== undefined) return follow(home, running, options)
  const java = options.java ?? (await findJava(options.env))
  const { release = bundledRelease } = options
  const classPath = await ensureJars({ ...options, java })
  const archive = await findClassArchive(options.cacheDir, java, classPath, release)
  const launch = { java: java.path, classPath, env: options.env, archive }
  const nodes = await withStartLock(home, () =>
    startNodes({
      home,
      nodes: options.nodes,
      kafkaVersion: release.version,
      heapMiB: options.heapMiB ?? 512,
      launch,
      signal: options.signal,
    }).catch((error: unknown) => {
      if (error instanceof WindsockError || options.signal?.aborted === true) throw error
      throw systemCode(error) === undefined ? error : homeError(home, 'a broker cannot be started from it', error)
    }),
  )
  const kafka = await follow(home, nodes, options)
  if (!archive.exists && !kafka.adopted) {
    await beginClassArchive(archive, { java, classPath, env: options.env, dir: nodeDir(home, 1) }).catch(() => {})
  }
  return kafka
}

/** All nodes, when all of them run already: then neither Java nor the jars are looked at. */
async function runningNodes(home: string, nodes: 1 | 3 | undefined): Promise<WatchedNode[] | undefined> {
  const cluster = await knownCluster(home, nodes)
  if (cluster === undefined || (await livingNodes(home, cluster.nodes)).length < cluster.nodes.length) return undefined
  return cluster.nodes.map((entry) => ({ entry, child: undefined }))
}

async function follow(home: string, nodes: readonly WatchedNode[], options: LocalKafkaOptions): Promise<LocalKafka> {
  const entries = nodes.map(({ entry }) => entry)
  const brokers = brokersOf(entries)
  const watch = watchNodes(home, nodes)
  const end = { timeoutMs: options.stopTimeoutMs ?? 4_000, logger: options.logger }
  try {
    await waitUntilReady(brokers, watch, options)
  } catch (error) {
    watch.expectEnd()
    const ours = nodes.filter(({ child }) => child !== undefined).map(({ entry }) => entry)
    await endNodes(home, ours, end)
    await watch.reaped()
    watch.end()
    throw error
  }
  let stopped: Promise<void> | undefined
  return {
    brokers,
    pids: entries.flatMap(({ pid }) => (pid === undefined ? [] : [pid])),
    adopted: nodes.every(({ child }) => child === undefined),
    exited: watch.exited,
    stop() {
      watch.expectEnd()
      stopped ??= endNodes(home, entries, end)
        .then(() => watch.reaped())
        .finally(() => watch.end())
      return stopped
    },
    release: () => watch.end(),
  }
}

async function waitUntilReady(brokers: readonly string[], watch: NodeWatch, options: LocalKafkaOptions): Promise<void> {
  const timeoutMs = options.readyTimeoutMs ?? 60_000
  const endMs = performance.now() + timeoutMs
  let crash: WindsockError | undefined
  void watch.exited.then((error) => {
    crash = error
  })
  while (!(await isClusterReady(brokers))) {
    options.signal?.throwIfAborted()
    if (crash !== undefined) throw crash
    if (performance.now() > endMs) {
      throw new WindsockError('broker-unreachable', `${brokers.join(', ')} did not answer within ${timeoutMs} ms`, {
        hint: 'windsock broker logs shows why, windsock broker stop ends it',
      })
    }
    await delay(pollMs)
  }
}
