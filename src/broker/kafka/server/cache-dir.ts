import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Environment } from './find-executable.ts'

export const kafkaVersion = '4.3.1'

/** The folder, one for each user and version, in which Kafka's jars are kept: below `XDG_CACHE_HOME`, else `~/.cache`. */
export function defaultCacheDir(env: Environment, version = kafkaVersion): string {
  const base = env['XDG_CACHE_HOME']
  return join(base === undefined || base === '' ? join(homedir(), '.cache') : base, 'windsock', `kafka-${version}`)
}
