import { randomUUID } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { describeError, systemCode, WindsockError } from '../../../foundation/errors.ts'
import type { Logger } from '../../../foundation/logger.ts'
import type { Environment } from './find-executable.ts'
import type { Java } from './java.ts'
import { bundledRelease, type KafkaRelease } from './kafka-release.ts'
import { resolveJars } from './maven.ts'

/** SHA-256 in hex by file name. */
export type JarPins = ReadonlyMap<string, string>

export interface JarFault {
  readonly name: string
  readonly fault: 'missing' | 'changed'
}

export interface JarOptions {
  /** `bundledRelease` when left out. */
  readonly release?: KafkaRelease | undefined
  readonly cacheDir: string
  readonly java: Java
  readonly env: Environment
  readonly logger: Logger
  readonly signal?: AbortSignal | undefined
}

const stagingMark = '.installing-'

/**
 * Sees to it that every pinned jar is in the cache with the content it had when it was pinned, installing them by
 * Maven when one is missing or was changed.
 *
 * @returns the class path
 * @throws WindsockError `kafka-jars` when the installed jars are not the pinned ones or cannot be had;
 *   `maven-missing`; `config` when the cache cannot be written
 */
export async function ensureJars(options: JarOptions): Promise<string> {
  const { release = bundledRelease } = options
  const pins = await readJarPins(release)
  const dir = jarsDir(options.cacheDir)
  const faults = await checkJars(dir, pins)
  if (faults.length > 0) {
    if (faults.length < pins.size) options.logger.warn(`${describeFaults(faults, dir)}: installing Kafka's jars again`)
    else options.logger.info(`installing Kafka's jars into ${options.cacheDir} (once)`)
    await install(dir, pins, { ...options, release })
  }
  return [...pins.keys()].map((name) => join(dir, name)).join(delimiter)
}

export function jarsDir(cacheDir: string): string {
  return join(cacheDir, 'jars')
}

export async function readJarPins({ pins } = bundledRelease): Promise<JarPins> {
  const content: unknown = JSON.parse(await readFile(pins, 'utf8'))
  return new Map(Object.entries(content ?? {}).map(([name, sha256]) => [name, String(sha256)]))
}

/** Every pinned jar that `dir` lacks or holds with another content. Jars that are not pinned are never loaded. */
export async function checkJars(dir: string, pins: JarPins): Promise<JarFault[]> {
  const checks = await Promise.all(
    [...pins].map(async ([name, sha256]): Promise<JarFault | undefined> => {
      const found = await hashFile(join(dir, name))
      if (found === sha256) return undefined
      return { name, fault: found === undefined ? 'missing' : 'changed' }
    }),
  )
  return checks.filter((fault) => fault !== undefined)
}

/** SHA-256 in hex, or undefined for a file that is not there. */
export async function hashFile(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path)
    return Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || systemCode(error) === 'ENOTDIR') return undefined
    throw error
  }
}

// Beside its place and then by one rename: a crash, or two installs at once, leave nothing half done.
async function install(
  dir: string,
  pins: JarPins,
  options: JarOptions & { readonly release: KafkaRelease },
): Promise<void> {
  const staging = `${dir}${stagingMark}${randomUUID()}`
  try {
    await prepareCache(options.cacheDir, staging)
    await resolveJars({ ...options, pom: options.release.pom, staging })
    const faults = await checkJars(staging, pins)
    if (faults.length > 0) {
      throw new WindsockError('kafka-jars', describeFaults(faults, 'what Maven brought'), {
        hint: 'Nothing was installed. Remove the named files from ~/.m2/repository and try again',
      })
    }
    await replace(dir, staging, pins)
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function prepareCache(cacheDir: string, staging: string): Promise<void> {
  try {
    await mkdir(staging, { recursive: true })
    await removeLeftovers(cacheDir)
  } catch (error) {
    throw new WindsockError('config', `the cache folder ${cacheDir} cannot be written (${describeError(error)})`, {
      hint: 'Name another one by XDG_CACHE_HOME',
      cause: error,
    })
  }
}

async function removeLeftovers(cacheDir: string): Promise<void> {
  const oldMs = 3_600_000
  for (const name of await readdir(cacheDir)) {
    if (!name.includes(stagingMark)) continue
    const path = join(cacheDir, name)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && Date.now() - found.mtimeMs > oldMs) await rm(path, { recursive: true, force: true })
  }
}

async function replace(dir: string, staging: string, pins: JarPins): Promise<void> {
  const retired = `${staging}-old`
  await rename(dir, retired).catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') throw error
  })
  try {
    await rename(staging, dir)
  } catch (error) {
    // Another process was faster, which is as good when its jars are right.
    if ((await checkJars(dir, pins)).length > 0) throw error
  } finally {
    await rm(retired, { recursive: true, force: true })
  }
}

function describeFaults(faults: readonly JarFault[], place: string): string {
  const shown = faults.slice(0, 3).map(({ name, fault }) => `${name} is ${fault}`)
  const more = faults.length > shown.length ? ` and ${faults.length - shown.length} more are wrong` : ''
  return `${shown.join(', ')}${more} in ${place}`
}
