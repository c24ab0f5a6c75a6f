import { createHash } from 'node:crypto'
import { copyFile, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findExecutable, isExecutable } from '../../src/broker/kafka/server/find-executable.ts'
import { runCommand } from '../../src/broker/kafka/server/run-command.ts'
import type { Command, Place, Task } from '../engine.ts'
import { shareOf } from '../engine.ts'
import { lastWords } from '../process/run-task.ts'
import { stageFolder } from './staged-folder.ts'

const source = fileURLToPath(new URL('../java/', import.meta.url))

/**
 * Brings the jars of `bench/java/pom.xml` and compiles the sources beside it, into the cache.
 *
 * @returns the class path
 * @throws Error that names what is missing, or the first complaint of Maven or the compiler
 */
export async function compileJava({ cacheFolder, java, say }: Place): Promise<string> {
  const names = (await readdir(source)).toSorted()
  const hash = createHash('sha256').update(java)
  for (const name of names) hash.update(name).update(await readFile(join(source, name)))
  const folder = join(cacheFolder, `bench-java-${hash.digest('hex').slice(0, 16)}`)
  await stageFolder(folder, async (staging) => {
    const javac = await findJavac(java)
    const maven = await findExecutable('mvn', process.env)
    if (maven === undefined) throw new Error('it needs mvn, which is not in PATH')
    say('compiling the Java engines (once)')
    const pom = join(staging, 'pom.xml') // a copy: what Maven writes beside a pom must not end in the sources
    await copyFile(join(source, 'pom.xml'), pom)
    const jars = join(staging, 'jars')
    const copying = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${jars}`]
    await run(maven, ['-B', '-q', '-f', pom, ...copying], staging)
    const sources = names.filter((name) => name.endsWith('.java')).map((name) => join(source, name))
    await run(
      javac,
      ['-nowarn', '-encoding', 'UTF-8', '-cp', join(jars, '*'), '-d', join(staging, 'classes'), ...sources],
      staging,
    )
  })
  return `${join(folder, 'classes')}:${join(folder, 'jars', '*')}`
}

/** Beside the java that was found, else in PATH. */
async function findJavac(java: string): Promise<string> {
  const beside = join(dirname(java), 'javac')
  const found = (await isExecutable(beside)) ? beside : await findExecutable('javac', process.env)
  if (found === undefined) throw new Error('it needs javac, which is neither beside java nor in PATH')
  return found
}

async function run(file: string, args: readonly string[], cwd: string): Promise<void> {
  const { exitCode, output } = await runCommand(file, args, { env: process.env, cwd })
  if (exitCode !== 0) throw new Error(`${file} failed: ${lastWords(output)}`)
}

/** A class of ours with its task as `name=value` arguments. */
export function javaCommand(place: Place, classPath: string, mainClass: string, task: Task): Command {
  const values: Readonly<Record<string, string | number>> = {
    brokers: task.brokers.join(','),
    topic: task.topic,
    mode: task.mode,
    id: task.id,
    folder: task.folder,
    spans: shareOf(task)
      .map(({ partition, from, to }) => `${partition}:${from}:${to}`)
      .join(','),
    ...(task.job === 'bars-indicators' ? { ...task.results, resultCount: task.resultCount } : {}),
  }
  return {
    file: place.java,
    args: [
      '-Xms1g',
      '-Xmx1g',
      '-XX:+UseParallelGC',
      '-cp',
      classPath,
      `windsock.bench.${mainClass}`,
      ...Object.entries(values).map(([name, value]) => `${name}=${value}`),
    ],
  }
}
