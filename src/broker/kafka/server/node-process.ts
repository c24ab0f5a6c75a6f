import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { systemCode } from '../../../foundation/errors.ts'
import type { Logger } from '../../../foundation/logger.ts'
import type { Environment } from './find-executable.ts'
import { archiveFlags, type ClassArchive } from './class-archive.ts'
import { nodeDir, type NodeEntry } from './cluster-file.ts'
import { javaEnvironment } from './java.ts'
import { runCommand } from './run-command.ts'

/** What a Java process of this folder is started with. */
export interface Launch {
  readonly java: string
  readonly classPath: string
  readonly env: Environment
  readonly archive: ClassArchive
}

const log4jFile = fileURLToPath(new URL('log4j2.properties', import.meta.url))

export function consoleLogFile(dir: string): string {
  return join(dir, 'console.log')
}

/**
 * Starts a broker's process: in a session of its own, so that Ctrl-C in the terminal does not reach it, and with its
 * output in a file, so that it outlives this process.
 */
export async function spawnNode(launch: Launch, home: string, nodeId: number, heapMiB: number): Promise<ChildProcess> {
  const dir = nodeDir(home, nodeId)
  const temporary = join(dir, 'tmp') // what a killed broker leaves there goes at its next start
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  const output = await open(consoleLogFile(dir), 'w')
  try {
    const child = spawn(
      launch.java,
      [
        ...archiveFlags(launch.archive, nodeId === 1 ? dir : undefined),
        `-Xms${Math.min(256, heapMiB)}m`,
        `-Xmx${heapMiB}m`,
        // Of a heap so small it stands still for 3 to 6 ms, where Kafka's own choice, G1, does for 11 to 20.
        '-XX:+UseParallelGC',
        '-XX:+ExitOnOutOfMemoryError',
        '-XX:-UsePerfData',
        `-XX:ErrorFile=${join(dir, 'java-crash.log')}`,
        '-Djava.awt.headless=true',
        `-Djava.io.tmpdir=${temporary}`,
        `-Dlog4j2.configurationFile=${log4jFile}`,
        nodeMark(home, nodeId),
        '-cp',
        launch.classPath,
        'kafka.Kafka',
        join(dir, 'server.properties'),
      ],
      { env: javaEnvironment(launch.env), cwd: dir, detached: true, stdio: ['ignore', output.fd, output.fd] },
    )
    await once(child, 'spawn')
    return child
  } finally {
    await output.close()
  }
}

/** The argument that tells a broker of this home from any other process. The log's settings read it, too. */
function nodeMark(home: string, nodeId: number): string {
  return `-Dwindsock.node=${nodeDir(home, nodeId)}`
}

/**
 * Whether the remembered process still runs, or is on its way out and may still hold its port and its files.
 * No ground for sending it a signal.
 */
export async function isNodeAlive(home: string, node: NodeEntry): Promise<boolean> {
  return (await isProvenNode(home, node)) || (node.pid !== undefined && (await isExiting(node.pid)))
}

/** Whether the remembered process provably is this very broker. */
async function isProvenNode(home: string, node: NodeEntry): Promise<boolean> {
  if (node.pid === undefined) return false
  const args = await argumentsOf(node.pid)
  const mark = nodeMark(home, node.nodeId)
  return typeof args === 'string' ? `${args} `.includes(` ${mark} `) : args.includes(mark)
}

/** A process that ends gives up its arguments first, and only later its files; a zombie has given up all. */
async function isExiting(pid: number): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const [args, status] = await Promise.all(
    ['cmdline', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => undefined)),
  )
  return args === '' && status !== undefined && !/^State:\s+[ZX]/m.test(status)
}

/** A process's arguments, apart where /proc tells them and in one string where only `ps` does; empty when it is gone. */
async function argumentsOf(pid: number): Promise<readonly string[] | string> {
  if (process.platform === 'linux') {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    return line.split('\0')
  }
  const result = await runCommand('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { env: process.env })
  return result.exitCode === 0 ? result.output.trim() : ''
}

/**
 * Ends brokers in order: SIGTERM to all at once, then, for those that have not closed their logs within `timeoutMs`,
 * SIGKILL. Only processes that provably are these brokers get a signal.
 */
export async function endNodes(
  home: string,
  nodes: readonly NodeEntry[],
  options: { readonly timeoutMs: number; readonly logger: Logger },
): Promise<void> {
  await signalNodes(home, nodes, 'SIGTERM')
  if (await waitUntilClosed(home, nodes, options.timeoutMs)) {
    await signalNodes(home, nodes, 'SIGKILL')
  } else {
    const killed = await signalNodes(home, nodes, 'SIGKILL')
    options.logger.warn(
      `Kafka did not stop within ${options.timeoutMs} ms and was killed (${killed.join(', ')}); it checks its logs at the next start`,
    )
  }
  await waitUntil(async () => (await livingNodes(home, nodes)).length === 0, 5_000)
}

/**
 * Resolves with true once every node is gone or only waits for other controllers, with false when the time is up.
 * When all nodes of a cluster are stopped, the last controller has nobody to hand over to and waits for five seconds;
 * by then its records are closed and its metadata is on disk, so it is ended without harm.
 */
async function waitUntilClosed(home: string, nodes: readonly NodeEntry[], timeoutMs: number): Promise<boolean> {
  return waitUntil(async () => {
    const living = await livingNodes(home, nodes)
    if (living.length === 0) return true
    return nodes.length > 1 && (await Promise.all(living.map((node) => isClosed(home, node)))).every(Boolean)
  }, timeoutMs)
}

const handOverMs = 300

/** Whether the broker has written, a moment ago, the file by which it tells its next start that all logs are closed. */
async function isClosed(home: string, node: NodeEntry): Promise<boolean> {
  const file = await stat(join(nodeDir(home, node.nodeId), 'data', '.kafka_cleanshutdown')).catch(() => undefined)
  return file !== undefined && Date.now() - file.mtimeMs > handOverMs
}

/** Those of the remembered processes that still run. */
export async function livingNodes(home: string, nodes: readonly NodeEntry[]): Promise<NodeEntry[]> {
  const alive = await Promise.all(nodes.map((node) => isNodeAlive(home, node)))
  return nodes.filter((_, index) => alive[index] === true)
}

async function waitUntil(condition: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs
  while (!(await condition())) {
    if (performance.now() >= endMs) return false
    await delay(50)
  }
  return true
}

async function signalNodes(home: string, nodes: readonly NodeEntry[], signal: NodeJS.Signals): Promise<string[]> {
  const reached: string[] = []
  for (const node of nodes) {
    if (node.pid === undefined || !(await isProvenNode(home, node))) continue
    try {
      process.kill(node.pid, signal)
      reached.push(`node ${node.nodeId}, pid ${node.pid}`)
    } catch (error) {
      if (systemCode(error) !== 'ESRCH') throw error
    }
  }
  return reached
}
