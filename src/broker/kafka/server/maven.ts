import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WindsockError } from '../../../foundation/errors.ts'
import { findExecutable, type Environment } from './find-executable.ts'
import type { Java } from './java.ts'
import { mavenMissing } from './missing-tool.ts'
import { runCommand } from './run-command.ts'

export interface ResolveOptions {
  readonly pom: URL
  /** An empty folder for the jars. */
  readonly staging: string
  readonly java: Java
  readonly env: Environment
  readonly signal?: AbortSignal | undefined
}

/**
 * Copies the jars of a `pom.xml` and all they need into a folder. The person's own Maven settings apply, mirrors and
 * proxies included.
 *
 * @throws WindsockError `maven-missing`, or `kafka-jars` with Maven's first complaint
 */
export async function resolveJars({ pom, staging, java, env, signal }: ResolveOptions): Promise<void> {
  const maven = await findExecutable('mvn', env)
  if (maven === undefined) {
    throw mavenMissing("Kafka's jars are not in the cache yet and Maven, which brings them, is not in PATH")
  }
  const copy = join(staging, 'pom.xml') // a copy: what Maven writes beside a pom must not end in the sources
  await copyFile(fileURLToPath(pom), copy)
  const result = await runCommand(
    maven,
    ['-B', '-q', '-f', copy, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${staging}`],
    { env: { ...env, JAVA_HOME: env['JAVA_HOME'] ?? javaHomeOf(java) }, cwd: staging, signal },
  )
  if (result.exitCode === 0) return
  const complaint = /^.*\[ERROR\]\s*(.+)$/m.exec(result.output)?.[1] ?? `exit code ${result.exitCode ?? 'none'}`
  throw new WindsockError('kafka-jars', `Maven could not bring Kafka's jars: ${complaint.trim()}`, {
    hint: 'Check the network and ~/.m2/settings.xml. Or do without: --brokers host:port, or --broker memory',
  })
}

/** Maven's start script looks for `bin/java` below JAVA_HOME; without one it asks PATH. */
function javaHomeOf(java: Java): string | undefined {
  return java.path.endsWith('/bin/java') ? dirname(dirname(java.path)) : undefined
}
