import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readJson } from './files.mjs'
import { installOnce } from './install.mjs'
import { satisfies } from './version.mjs'

/**
 * The path of a Node that satisfies `range`: the running one, else the one of tools/node, installed when first needed.
 *
 * @param {string} root
 * @param {string} range
 */
export async function ensureNode(root, range) {
  if (satisfies(process.version, range)) return process.execPath
  const folder = join(root, 'tools', 'node')
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const advice = `install Node 24 or newer (this is ${process.version}, Windsock needs ${range})`
  if (!(name in readJson(join(folder, 'package.json')).optionalDependencies)) {
    throw new Error(`there is no Node package for ${process.platform} on ${process.arch}; ${advice}`)
  }
  const file = process.platform === 'win32' ? 'node.exe' : 'node'
  const binary = join(folder, 'node_modules', name, 'bin', file)
  await installOnce(folder, {
    title: `installing Node ${readJson(join(folder, 'package.json')).optionalDependencies[name]}`,
    node: process.execPath,
    includes: ['optional'],
    // npm ends well although an optional package did not arrive, and on musl the binary arrives but cannot run.
    check() {
      if (!existsSync(binary)) throw new Error(`npm did not bring ${name}; try again, or ${advice}`)
      const answer = spawnSync(binary, ['--version'], { encoding: 'utf8' })
      if (answer.status !== 0) throw new Error(`the Node of ${name} does not run on this machine; ${advice}`)
      if (!satisfies(answer.stdout.trim(), range)) throw new Error(`the Node of ${name} is too old itself; ${advice}`)
    },
  })
  return binary
}
