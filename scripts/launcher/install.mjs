import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { findText } from './files.mjs'
import { withInstallLock } from './install-lock.mjs'
import { runNpm } from './npm.mjs'

/**
 * Runs `npm ci` in `folder` unless a stamp says that it was done for this lock file on this kind of machine.
 * The stamp lies in node_modules, so whoever removes that folder has removed the stamp.
 *
 * @param {string} folder
 * @param {{ title: string, node: string, includes: string[], check: () => void }} options
 *   `check` throws when what was needed did not arrive; the stamp is written only after it.
 */
export async function installOnce(folder, options) {
  const stamp = join(folder, 'node_modules', '.windsock-lock')
  const wanted = wantedStamp(folder)
  if (findText(stamp) === wanted) return
  await withInstallLock(join(folder, '.cache', 'install-lock'), async (lock) => {
    if (findText(stamp) === wanted) return // another first run did it while this one waited
    const startMs = performance.now()
    process.stderr.write(`${options.title}… `)
    try {
      rmSync(stamp, { force: true })
      // The lock file has every package's hash: what is cached is as good as what a registry would say, and needs no network.
      const args = ['ci', '--prefer-offline', ...options.includes.map((kind) => `--include=${kind}`)]
      await runNpm(args, { cwd: folder, node: options.node, started: (child) => lock.addProcess(child.pid) })
      options.check()
      // With no packages at all npm makes no folder.
      if (!existsSync(join(folder, 'node_modules'))) mkdirSync(join(folder, 'node_modules'))
      writeFileSync(stamp, wanted)
    } catch (error) {
      process.stderr.write('failed\n')
      throw error
    }
    process.stderr.write(`${((performance.now() - startMs) / 1000).toFixed(1)} s\n`)
  })
}

function wantedStamp(folder) {
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  return `${hash} ${process.platform}-${process.arch}\n`
}
