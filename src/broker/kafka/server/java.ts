import { join } from 'node:path'
import { findExecutable, isExecutable, type Environment } from './find-executable.ts'
import { javaMissing } from './missing-tool.ts'
import { runCommand } from './run-command.ts'

/** A Java runtime that can run the broker. */
export interface Java {
  /** The `java` executable. */
  readonly path: string
  /** 17, 21, 25 … */
  readonly majorVersion: number
  /** All that `java -version` prints: names this very build. */
  readonly banner: string
}

/** What Kafka 4 asks of a broker's runtime. */
const majorVersionMin = 17

/**
 * Finds a Java runtime in JAVA_HOME, else in PATH. A JAVA_HOME that is too old or broken gives way to PATH.
 *
 * @throws WindsockError `java-missing` with the packages to install and the two ways to do without
 */
export async function findJava(env: Environment): Promise<Java> {
  const refusals: string[] = []
  for (const path of await candidates(env)) {
    const java = await askVersion(path, env)
    if (java === undefined) refusals.push(`${path} does not run`)
    else if (java.majorVersion < majorVersionMin) refusals.push(`${path} is version ${java.majorVersion}`)
    else return java
  }
  const found = refusals.length === 0 ? 'none is in JAVA_HOME or PATH' : refusals.join(', ')
  throw javaMissing(`a local Kafka needs Java ${majorVersionMin} or newer, but ${found}`)
}

async function candidates(env: Environment): Promise<string[]> {
  const home = env['JAVA_HOME']
  const inHome = home === undefined || home === '' ? undefined : join(home, 'bin', 'java')
  const inPath = await findExecutable('java', env)
  const paths = [inHome !== undefined && (await isExecutable(inHome)) ? inHome : undefined, inPath]
  return [...new Set(paths.filter((path) => path !== undefined))]
}

async function askVersion(path: string, env: Environment): Promise<Java | undefined> {
  const result = await runCommand(path, ['-version'], { env }).catch(() => undefined)
  if (result === undefined || result.exitCode !== 0) return undefined
  const majorVersion = parseJavaMajorVersion(result.output)
  return majorVersion === undefined ? undefined : { path, majorVersion, banner: result.output.trim() }
}

/** Reads `version "17.0.15"`, `version "21"` and the old manner `version "1.8.0_402"`. */
export function parseJavaMajorVersion(banner: string): number | undefined {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(banner)
  if (match === null) return undefined
  return Number(match[1] === '1' ? match[2] : match[1])
}

/** The environment of a Java process: under the C locale Java could not name a path with letters beyond ASCII. */
export function javaEnvironment(env: Environment): Record<string, string | undefined> {
  return { ...env, LC_ALL: 'C.UTF-8' }
}
