import { existsSync, realpathSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'
import { runChild } from './child.mjs'

/** What `npm start` or `npx` set for us would bend the npm that we run, or would look like the caller's own wish. */
const outerRun = /^npm_(package|lifecycle)_|^npm_(command|execpath|node_execpath)$/i
const bending =
  /^npm_config_(omit|include|only|also|production|dev|optional|ignore[-_]scripts|global|location|prefix|local[-_]prefix|workspaces?|include[-_]workspace[-_]root|dry[-_]run|package[-_]lock(_only)?|loglevel|json|engine[-_]strict)$/i

/**
 * The environment without what an npm around the launcher has put there. Where packages come from (`npm_config_registry`,
 * proxies, certificates, the cache) is the user's business and stays.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function withoutOuterRun(env) {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !outerRun.test(name) && !bending.test(name)))
}

/** How much of what a failed npm said is repeated; npm keeps the whole in its own log. */
const saidLinesMax = 12

/** Thrown when a signal ended npm: the launcher ends by the same. */
export class Interrupted extends Error {
  constructor(signal) {
    super(`installing was ended by ${signal}`)
    this.signal = signal
  }
}

/**
 * Runs npm in silence; what it said becomes part of the error when it fails.
 *
 * @param {string[]} args
 * @param {{ cwd: string, node: string, started: (child: import('node:child_process').ChildProcess) => void }} options
 */
export async function runNpm(args, { cwd, node, started }) {
  const npm = findNpm()
  if (npm === undefined) throw new Error('npm is needed to install packages and was not found; install it beside Node')
  const { NODE_ENV: _, ...env } = withoutOuterRun(process.env)
  const script = npm.endsWith('.js')
  let said = ''
  const end = await runChild(
    script ? node : npm,
    script ? [npm, ...args] : args,
    {
      cwd,
      env: { ...env, PATH: `${dirname(node)}${delimiter}${env.PATH ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: npm.endsWith('.cmd'),
    },
    (child) => {
      for (const stream of [child.stdout, child.stderr]) {
        stream?.setEncoding('utf8').on('data', (text) => {
          said = (said + text).slice(-20_000)
        })
      }
      started(child)
    },
  )
  const signal = end.signal ?? end.asked
  if (end.code !== 0 && signal !== null) throw new Interrupted(signal)
  if (end.code !== 0)
    throw new Error(`npm ${args.join(' ')} in ${cwd} failed (exit code ${end.code})\n${firstWords(said)}`)
}

/** npm's reason without its warnings and without its manual, which it prints below. */
function firstWords(said) {
  const lines = said.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('npm warn'))
  return lines.slice(0, saidLinesMax).join('\n')
}

/** npm's own script where it can be found (any Node can run it), else the `npm` of the PATH. */
function findNpm() {
  const outer = process.env.npm_execpath
  if (outer !== undefined && basename(outer) === 'npm-cli.js' && existsSync(outer)) return outer
  const beside = dirname(process.execPath)
  const inPackage = join('node_modules', 'npm', 'bin', 'npm-cli.js')
  const scripts = [join(beside, inPackage), join(beside, '..', 'lib', inPackage)]
  const programs = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) =>
      process.platform === 'win32' ? [join(folder, inPackage), join(folder, 'npm.cmd')] : [join(folder, 'npm')],
    )
  const found = [...scripts, ...programs].find((path) => existsSync(path))
  return found === undefined ? undefined : realpathSync(found)
}
