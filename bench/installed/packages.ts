import { createHash } from 'node:crypto'
import { copyFile, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findExecutable } from '../../src/broker/kafka/server/find-executable.ts'
import { runCommand } from '../../src/broker/kafka/server/run-command.ts'
import type { Place } from '../engine.ts'
import { lastWords } from '../process/run-task.ts'
import { stageFolder } from './staged-folder.ts'

const source = fileURLToPath(new URL('../packages/', import.meta.url))
const files = ['package.json', 'package-lock.json', '.npmrc']

/** Tells an engine's process where the packages are. */
export const packagesVariable = 'WINDSOCK_BENCH_PACKAGES'

/**
 * Installs the clients of `bench/packages` into the cache, by their lock file and without install scripts.
 *
 * @returns the folder that has them
 * @throws Error with npm's reason
 */
export async function installPackages({ cacheFolder, say }: Place): Promise<string> {
  const lock = await readFile(join(source, 'package-lock.json'))
  const version = createHash('sha256').update(lock).update(process.version).digest('hex').slice(0, 16)
  return stageFolder(join(cacheFolder, `bench-packages-${version}`), async (staging) => {
    say('installing the other Node clients (once)')
    for (const file of files) await copyFile(join(source, file), join(staging, file))
    await runNpm(['ci', '--ignore-scripts', '--no-audit', '--no-fund'], staging)
  })
}

/** @throws Error with npm's reason */
export async function runNpm(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const npm = await findExecutable('npm', process.env)
  if (npm === undefined) throw new Error('npm is not in PATH')
  // This very Node, wherever npm itself runs: what is built is for it.
  const path = `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`
  const { exitCode, output } = await runCommand(npm, args, { env: { ...process.env, ...env, PATH: path }, cwd })
  if (exitCode !== 0) throw new Error(`npm ${args[0] ?? ''} failed: ${lastWords(output)}`)
}

/** In an engine's process: what gives the packages of the folder it was told of. */
export function requireInstalled(): NodeJS.Require {
  const folder = process.env[packagesVariable]
  if (folder === undefined) throw new Error(`${packagesVariable} is not set`)
  return createRequire(join(folder, 'package.json'))
}
