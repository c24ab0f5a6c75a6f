import { readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeError } from '../../src/foundation/errors.ts'
import { findExecutable } from '../../src/broker/kafka/server/find-executable.ts'
import type { Place } from '../engine.ts'
import { runNpm } from './packages.ts'
import { isThere } from './staged-folder.ts'

/** What its native part is built with, besides this Node's own headers. */
const headers = ['openssl/ssl.h', 'sasl/sasl.h', 'zstd.h', 'zlib.h', 'curl/curl.h']
const includeFolders = ['/usr/include', '/usr/include/x86_64-linux-gnu', '/usr/include/aarch64-linux-gnu']
const compilers = ['g++', 'make', 'python3']

/**
 * Builds the native part of the Confluent client from its sources (some minutes, once): its binaries are to be had from no
 * package registry. A build that failed is not tried again; its reason is kept beside it.
 *
 * @throws Error with the reason why there is none
 */
export async function buildConfluent(folder: string, name: string, { say }: Place): Promise<void> {
  const native = join(folder, 'node_modules', name, 'build', 'Release', 'confluent-kafka-javascript.node')
  if (await isThere(native)) return
  const reasonFile = join(folder, 'confluent-failed.txt')
  const reason = await readFile(reasonFile, 'utf8').catch(() => undefined)
  if (reason !== undefined) throw new Error(`${reason} (delete ${reasonFile} to try again)`)
  const missing = await missingTools()
  if (missing.length > 0) {
    throw new Error(`its native part has to be built from source, which needs ${missing.join(', ')}`)
  }
  say(`building ${name} from source (some minutes, once)`)
  const env = {
    CKJS_LINKING: 'dynamic',
    npm_config_build_from_source: 'true',
    npm_config_ignore_scripts: 'false',
    npm_config_nodedir: dirname(dirname(process.execPath)),
  }
  try {
    await runNpm(['rebuild', name], folder, env)
    if (!(await isThere(native))) throw new Error('the build made nothing')
  } catch (error) {
    await writeFile(reasonFile, describeError(error))
    throw error
  }
}

async function missingTools(): Promise<string[]> {
  const ownHeaders = join(dirname(dirname(process.execPath)), 'include', 'node', 'node.h')
  const checks = [
    ...compilers.map(async (tool) => ((await findExecutable(tool, process.env)) === undefined ? tool : undefined)),
    ...headers.map(async (header) => {
      const places = await Promise.all(includeFolders.map((folder) => isThere(join(folder, header))))
      return places.includes(true) ? undefined : header
    }),
    isThere(ownHeaders).then((there) => (there ? undefined : "Node's headers beside its binary")),
  ]
  return (await Promise.all(checks)).filter((tool) => tool !== undefined)
}
