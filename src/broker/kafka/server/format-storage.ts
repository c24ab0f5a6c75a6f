import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { WindsockError } from '../../../foundation/errors.ts'
import { archiveFlags } from './class-archive.ts'
import { homeError, nodeDir, type ClusterFile } from './cluster-file.ts'
import { serverProperties } from './node-config.ts'
import { javaEnvironment } from './java.ts'
import type { Launch } from './node-process.ts'
import { runCommand } from './run-command.ts'

/** Writes a node's settings and, before its first start, formats its storage by Kafka's own tool. */
export async function prepareNode(
  launch: Launch,
  home: string,
  cluster: ClusterFile,
  nodeId: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const dir = nodeDir(home, nodeId)
  const dataDir = join(dir, 'data')
  const settings = join(dir, 'server.properties')
  const node = cluster.nodes.find((entry) => entry.nodeId === nodeId)
  if (node === undefined) throw new RangeError(`cluster.json knows no node ${nodeId}`)
  try {
    await mkdir(dataDir, { recursive: true })
    await writeFile(settings, serverProperties(node, cluster.nodes, dataDir))
  } catch (error) {
    throw homeError(home, 'it cannot be written', error)
  }
  if (await isFormatted(dataDir)) return
  await formatStorage(launch, home, settings, cluster.clusterId, signal)
}

async function isFormatted(dataDir: string): Promise<boolean> {
  return access(join(dataDir, 'meta.properties')).then(
    () => true,
    () => false,
  )
}

async function formatStorage(
  launch: Launch,
  home: string,
  settings: string,
  clusterId: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const result = await runCommand(
    launch.java,
    [
      ...archiveFlags(launch.archive, undefined),
      '-XX:+UseG1GC',
      '-XX:TieredStopAtLevel=1', // a second's work is not worth the optimizing compiler
      '-XX:-UsePerfData',
      '-Dlog4j2.level=ERROR',
      '-cp',
      launch.classPath,
      'kafka.tools.StorageTool',
      'format',
      '--ignore-formatted', // of what a start that was cut short has left
      `--cluster-id=${clusterId}`, // in one word: it may begin with a dash
      '--config',
      settings,
    ],
    { env: javaEnvironment(launch.env), signal },
  )
  if (result.exitCode === 0) return
  throw new WindsockError('broker-crashed', `Kafka's StorageTool could not format the storage of ${home}`, {
    hint: `It said:\n${result.output.trim().split('\n').slice(-15).join('\n')}`,
  })
}
