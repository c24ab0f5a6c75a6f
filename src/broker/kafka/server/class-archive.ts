import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemCode } from '../../../foundation/errors.ts'
import type { Environment } from './find-executable.ts'
import { javaEnvironment, type Java } from './java.ts'
import { readJarPins } from './jars.ts'
import type { KafkaRelease } from './kafka-release.ts'

/**
 * An archive of Kafka's classes as Java keeps them in memory (class data sharing). With it a broker starts in half
 * the time, for half the CPU. Java itself refuses an archive of another build or other jars and does without.
 */
export interface ClassArchive {
  readonly path: string
  readonly exists: boolean
}

/** Where the archive for this Java and these jars is, or would be. */
export async function findClassArchive(
  cacheDir: string,
  java: Java,
  classPath: string,
  release: KafkaRelease,
): Promise<ClassArchive> {
  const names = createHash('sha256')
  for (const part of [java.path, java.banner, classPath, ...(await readJarPins(release)).values()])
    names.update(`${part}\n`)
  const path = join(cacheDir, `classes-${names.digest('hex').slice(0, 16)}.jsa`)
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  return { path, exists }
}

/** The file in which a broker without an archive notes the classes that it loads. */
function classListFile(dir: string): string {
  return join(dir, 'classes.list')
}

/** @param listDir the folder in which to note the loaded classes when there is no archive yet; undefined for nowhere */
export function archiveFlags(archive: ClassArchive, listDir: string | undefined): string[] {
  if (archive.exists) return [`-XX:SharedArchiveFile=${archive.path}`]
  return listDir === undefined ? [] : [`-XX:DumpLoadedClassList=${classListFile(listDir)}`]
}

export interface ArchiveOptions {
  readonly java: Java
  readonly classPath: string
  readonly env: Environment
  /** The folder of a node that was started without the archive and is ready. */
  readonly dir: string
}

/**
 * Begins to make the archive from the classes a broker has noted: once on a machine, some five seconds of one core
 * at the lowest priority, by a process that ends by itself and does not need this one. Nothing depends on its success.
 */
export async function beginClassArchive(archive: ClassArchive, options: ArchiveOptions): Promise<void> {
  const making = `${archive.path}.making`
  if (!(await claim(making))) return
  const listFile = classListFile(options.dir)
  const list = await readFile(listFile, 'utf8')
  await rm(listFile) // the broker writes on, into nothing
  await writeFile(join(making, 'classes'), list.slice(0, list.lastIndexOf('\n') + 1)) // the last line may be half written
  const flags = [
    '-Xshare:dump',
    '-Xmx512m',
    '-XX:+UseG1GC',
    '-XX:-UsePerfData',
    `-XX:SharedClassListFile=${making}/classes`,
  ]
  const script = 'making=$1 archive=$2; shift 2; nice -n 19 "$@" && mv "$making/archive" "$archive"; rm -rf "$making"'
  const java = [options.java.path, ...flags, `-XX:SharedArchiveFile=${making}/archive`, '-cp', options.classPath]
  const child = spawn('/bin/sh', ['-c', script, 'windsock-classes', making, archive.path, ...java], {
    env: javaEnvironment(options.env),
    detached: true,
    stdio: 'ignore',
  })
  child.on('error', () => {}) // no shell: no archive
  child.unref()
}

const abandonedMs = 120_000

/** Makes the folder in which the archive grows; false when another process is at it. */
async function claim(making: string): Promise<boolean> {
  try {
    await mkdir(making)
    return true
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
  }
  const { mtimeMs } = await stat(making)
  if (Date.now() - mtimeMs < abandonedMs) return false
  const old = `${making}-old`
  await rename(making, old)
  await rm(old, { recursive: true, force: true })
  await mkdir(making)
  return true
}
