import { existsSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChild } from './child.mjs'
import { readJson } from './files.mjs'
import { ensureNode } from './node.mjs'
import { ensurePackages } from './packages.mjs'
import { Interrupted, withoutOuterRun } from './npm.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

// A producer at full speed lives on short-lived objects: with room for them it is a fifth faster. An analysis makes few, and
// without so much room takes 20 to 40 MiB less, at the same speed.
const youngGenerations = { publish: 64, analyse: 4, up: 4 }

/**
 * Runs `file` as `node file ...args` would, in the caller's folder, and ends as it ended.
 * What goes wrong before that is told in one sentence, with exit code 1.
 *
 * @param {string | undefined} file an absolute path
 * @param {string[]} args
 */
export async function launch(file, args) {
  let end
  try {
    end = await start(file, args)
  } catch (error) {
    process.stderr.write(`windsock: ${error instanceof Error ? error.message : String(error)}\n`)
    end = { code: 1, signal: error instanceof Interrupted ? error.signal : null }
  }
  // Whoever waits for the launcher sees the end of the child: the same code, or the same signal where Node lets it through.
  process.exitCode = end.code
  if (end.signal !== null) process.kill(process.pid, end.signal)
}

async function start(file, args) {
  if (file === undefined) throw new Error('name the file to run: node scripts/run.mjs FILE.ts ARGS…')
  if (!existsSync(file)) throw new Error(`there is no file ${file}`)
  const node = await ensureNode(root, readJson(join(root, 'package.json')).engines.node)
  await ensurePackages(root, node)
  return runChild(node, [...nodeFlags(args), file, ...args], {
    stdio: 'inherit',
    env: childEnvironment(node),
  })
}

/**
 * What Node is given for a command line.
 *
 * @param {string[]} args
 */
function nodeFlags([command]) {
  const mebibytes = Object.hasOwn(youngGenerations, command) ? youngGenerations[command] : undefined
  const youngGeneration = mebibytes === undefined ? [] : [`--max-semi-space-size=${mebibytes}`]
  return ['--disable-warning=ExperimentalWarning', ...youngGeneration]
}

function childEnvironment(node) {
  const env = withoutOuterRun(process.env)
  return {
    ...env,
    // A script that starts `node` by name gets this one, not the machine's old one.
    PATH: `${dirname(node)}${delimiter}${env.PATH ?? ''}`,
    NODE_COMPILE_CACHE: env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'windsock-compile'),
    // A killed launcher can pass nothing on; the child may watch whether its parent is still this process.
    WINDSOCK_LAUNCHER_PID: String(process.pid),
  }
}
