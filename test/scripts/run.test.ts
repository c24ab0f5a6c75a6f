import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { FakeProject } from './fake-project.ts'

const tellAll = `
const { VIA_TOOLS_NODE, WINDSOCK_LAUNCHER_PID, PATH } = process.env
const launched = WINDSOCK_LAUNCHER_PID === String(process.ppid)
console.log(JSON.stringify({ args: process.argv.slice(2), cwd: process.cwd(), launched, viaTools: VIA_TOOLS_NODE === '1' }))
`
const stamp = 'node_modules/.windsock-lock'

describe('the launcher', () => {
  it('runs the file in the caller’s folder with the arguments and passes the exit code on', async (t) => {
    const project = new FakeProject(t)
    project.write('tell.ts', `${tellAll}\nprocess.exitCode = 7`)
    mkdirSync(project.path('elsewhere'))
    const end = await project.start(['../tell.ts', 'a', '--b'], { cwd: project.path('elsewhere') }).finished
    assert.equal(end.code, 7)
    const told: unknown = JSON.parse(end.stdout)
    assert.deepEqual(told, {
      args: ['a', '--b'],
      cwd: project.path('elsewhere'),
      launched: true,
      viaTools: false,
    })
  })

  it('gives room for short-lived objects to those that make many, and little to those that stay', async (t) => {
    const project = new FakeProject(t)
    project.write('tell.ts', 'console.log(process.execArgv.filter((flag) => flag.includes("space")).join())')
    const flagOf = async (command: string): Promise<string> =>
      (await project.start(['tell.ts', command]).finished).stdout.trim()
    assert.equal(await flagOf('publish'), '--max-semi-space-size=64')
    assert.equal(await flagOf('analyse'), '--max-semi-space-size=4')
    assert.equal(await flagOf('constructor'), '')
  })

  it('keeps what an outer npm has set away from npm and from the file', async (t) => {
    const project = new FakeProject(t)
    project.write('tell.ts', 'console.log(Object.keys(process.env).join())')
    const outer = {
      npm_config_omit: 'dev',
      npm_config_ignore_scripts: 'true',
      npm_config_dry_run: 'true',
      npm_package_name: 'outer',
      npm_lifecycle_event: 'start',
    }
    const env = { ...outer, npm_config_cache: process.env['npm_config_cache'] ?? project.path('cache') }
    const end = await project.start(['tell.ts'], { env }).finished
    const names = end.stdout.trim().split(',')
    assert.deepEqual(
      names.filter((name) => Object.hasOwn(outer, name)),
      [],
    )
    assert.ok(names.includes('npm_config_cache'), 'where packages come from and go to is the user’s business')
    assert.equal(end.code, 0)
  })

  it('says in one sentence what is wrong with its own arguments', async (t) => {
    const project = new FakeProject(t)
    const none = await project.start([]).finished
    assert.deepEqual([none.code, none.stdout], [1, ''])
    assert.match(none.stderr, /^windsock: name the file to run.*\n$/)
    const missing = await project.start(['gone.ts']).finished
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /^windsock: there is no file .*gone\.ts\n$/)
  })
})

describe('the packages', () => {
  it('are installed once, and again when the lock file changes', async (t) => {
    const project = new FakeProject(t)
    project.write('a.ts', '')
    const first = await project.start(['a.ts']).finished
    assert.match(first.stderr, /^installing packages… \d+\.\d s\n$/)
    const second = await project.start(['a.ts']).finished
    assert.equal(second.stderr, '')
    project.write('package-lock.json', `${project.read('package-lock.json')}\n`)
    const third = await project.start(['a.ts']).finished
    assert.match(third.stderr, /^installing packages…/)
  })

  it('are installed by one of two first runs at once, and both go on', async (t) => {
    const project = new FakeProject(t)
    project.write('a.ts', 'console.log("ran")')
    const ends = await Promise.all([1, 2, 3].map(() => project.start(['a.ts']).finished))
    assert.deepEqual(
      ends.map(({ code, stdout }) => [code, stdout]),
      [1, 2, 3].map(() => [0, 'ran\n']),
    )
    const installing = ends.filter(({ stderr }) => stderr.includes('installing packages…'))
    assert.equal(installing.length, 1)
  })

  it('are installed although a crash has left the lock behind', async (t) => {
    const project = new FakeProject(t)
    project.write('a.ts', '')
    const dead = spawnSync(process.execPath, ['--version']).pid
    const host = execFileSync(process.execPath, ['-p', 'require("os").hostname()']).toString().trim()
    project.writeJson('.cache/install-lock/owner', { host, pids: [dead] })
    const end = await project.start(['a.ts']).finished
    assert.match(end.stderr, /^installing packages…/)
    assert.equal(end.code, 0)
    assert.equal(existsSync(project.path('.cache/install-lock')), false)
  })

  it('leave npm’s reason and no stamp when npm fails', async (t) => {
    const project = new FakeProject(t)
    project.write('a.ts', 'console.log("ran")')
    project.writeJson('package.json', { name: 'fake', engines: { node: '>=20.0.0' }, dependencies: { b: 'file:b' } })
    const end = await project.start(['a.ts']).finished
    assert.deepEqual([end.code, end.stdout, existsSync(project.path(stamp))], [1, '', false])
    assert.match(end.stderr, /npm ci .* failed \(exit code 1\)\n(.*\n)*.*package\.json and package-lock\.json/)
    assert.equal(existsSync(project.path('.cache/install-lock')), false)
  })
})

describe('the Node', () => {
  const oldNode = findOldNode()

  it('of tools/node is installed and taken when the running one is too old', async (t) => {
    const project = new FakeProject(t, '>=99.0.0')
    project.addToolsNode({ version: 'v99.1.0' })
    project.write('tell.ts', tellAll)
    const first = await project.start(['tell.ts']).finished
    assert.match(first.stdout, /"viaTools":true/)
    assert.match(first.stderr, /^installing Node file:fake… \d+\.\d s\ninstalling packages… \d+\.\d s\n$/)
    const second = await project.start(['tell.ts']).finished
    assert.match(second.stdout, /"viaTools":true/)
    assert.equal(second.stderr, '')
  })

  const noOldNode = oldNode === undefined ? 'needs an installed Node older than 22.22 on the PATH' : false
  it('of tools/node is taken by a launcher that runs on an old Node', { skip: noOldNode }, async (t) => {
    const project = new FakeProject(t, '^22.22.0 || >=24.8.0')
    project.addToolsNode({ version: 'v24.8.0' })
    project.write('tell.ts', `${tellAll}\nconst code: number = 5\nprocess.exit(code)`)
    const end = await project.start(['tell.ts'], { node: oldNode ?? '' }).finished
    assert.match(end.stdout, /"viaTools":true/)
    assert.equal(end.code, 5)
  })

  it('is missed in one sentence when npm did not bring it, and asked for again the next time', async (t) => {
    const project = new FakeProject(t, '>=99.0.0')
    project.addToolsNode({ version: 'v99.1.0', arrives: false })
    project.write('a.ts', '')
    for (const _ of [1, 2]) {
      const end = await project.start(['a.ts']).finished
      assert.equal(end.code, 1)
      assert.match(end.stderr, /failed\nwindsock: npm did not bring node-.* install Node 24 or newer .*\n$/)
    }
  })

  it('is refused when it is too old itself', async (t) => {
    const project = new FakeProject(t, '>=99.0.0')
    project.addToolsNode({ version: 'v98.0.0' })
    project.write('a.ts', '')
    const end = await project.start(['a.ts']).finished
    assert.match(end.stderr, /is too old itself; install Node 24 or newer/)
  })

  it('to install is named where the platform has no package', async (t) => {
    const project = new FakeProject(t, '>=99.0.0')
    project.writeJson('tools/node/package.json', { optionalDependencies: {} })
    project.write('a.ts', '')
    const end = await project.start(['a.ts']).finished
    assert.equal(end.code, 1)
    assert.match(end.stderr, /^windsock: there is no Node package for \S+ on \S+; install Node 24 or newer \(.*\)\n$/)
  })

  it('is judged by the two forms of ranges that package.json uses, and by no others', (t) => {
    const project = new FakeProject(t)
    const range = '^22.22.0 || >=24.8.0'
    const versions = ['v20.20.2', 'v22.21.9', '22.22.0', 'v22.99.0', 'v23.11.0', 'v24.7.9', 'v24.8.0', 'v25.0.0-rc.1']
    const url = pathToFileURL(project.path('scripts/launcher/version.mjs')).href
    const ask = (expression: string): string =>
      spawnSync(process.execPath, [
        '--input-type=module',
        '-e',
        `import { satisfies } from '${url}'
        try { console.log(JSON.stringify(${expression})) } catch (error) { console.log(error.message) }`,
      ])
        .stdout.toString()
        .trim()
    const fit: unknown = JSON.parse(ask(`${JSON.stringify(versions)}.filter((v) => satisfies(v, '${range}'))`))
    assert.deepEqual(fit, ['22.22.0', 'v22.99.0', 'v24.8.0', 'v25.0.0-rc.1'])
    assert.equal(ask(`satisfies('24.8.0', '~24.8.0')`), 'engines.node has a form the launcher does not know: ~24.8.0')
    assert.equal(ask(`satisfies('24.8.0', '>=24')`), '>=24 is no version with three numbers')
  })
})

/** A Node 20 or so behind the one that runs the tests. */
function findOldNode(): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'node'))
    .filter((path) => existsSync(path))
    .find((path) => {
      const major = Number(/^v(\d+)/.exec(spawnSync(path, ['--version']).stdout.toString())?.[1])
      return major >= 18 && major < 22
    })
}
