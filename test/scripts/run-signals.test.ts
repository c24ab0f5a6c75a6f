import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it, type TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { FakeProject, startProgram } from './fake-project.ts'

/** Writes down what it gets, and ends by itself when nothing more comes for a while. */
const listener = `
import { appendFileSync } from 'node:fs'
const tell = (word: string) => appendFileSync('told', word + '\\n')
const end = () => { tell('end'); process.exit(3) }
let timer = setTimeout(end, 5_000)
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => { tell(signal); clearTimeout(timer); timer = setTimeout(end, 1_500) })
}
tell('ready')
`

/** The launcher takes two of the same signal within 300 ms for one. */
const apartMs = 400

const windows = process.platform === 'win32' ? 'Windows has no signals' : false
const noScript =
  process.platform === 'linux' && spawnSync('script', ['--version']).status === 0
    ? false
    : 'needs the program `script` of util-linux to make a terminal: apt-get install bsdutils'

describe('a signal', { skip: windows, concurrency: true }, () => {
  it('by kill reaches the file once, and a later second one too', async (t) => {
    const project = await createListening(t)
    const { child, finished } = project.start(['listen.ts'])
    await project.waitFor('told', 'ready')
    child.kill('SIGTERM')
    await project.waitFor('told', 'SIGTERM')
    await delay(apartMs)
    child.kill('SIGTERM')
    assert.equal((await finished).code, 3)
    assert.equal(project.read('told'), 'ready\nSIGTERM\nSIGTERM\nend\n')
  })

  it('that comes twice at once, as npm and the terminal send it, reaches the file once', async (t) => {
    const project = await createListening(t)
    const { child, finished } = project.start(['listen.ts'])
    await project.waitFor('told', 'ready')
    child.kill('SIGINT')
    await delay(50)
    child.kill('SIGINT')
    await finished
    assert.equal(project.read('told'), 'ready\nSIGINT\nend\n')
  })

  it('by Ctrl-C in a terminal reaches the file once', { skip: noScript }, async (t) => {
    const project = await createListening(t)
    const command = `exec '${process.execPath}' scripts/run.mjs listen.ts`
    const terminal = startProgram('script', ['-qec', command, '/dev/null'], { cwd: project.folder, stdin: 'pipe' })
    await project.waitFor('told', 'ready')
    terminal.child.stdin?.write('\u0003')
    assert.equal((await terminal.finished).code, 3)
    assert.equal(project.read('told'), 'ready\nSIGINT\nend\n')
  })

  it('for the npm around the launcher ends the file too, which npm’s shell would leave behind', async (t) => {
    const project = await createListening(t)
    const command = `'${process.execPath}' scripts/run.mjs listen.ts; true`
    const env = { ...process.env, npm_lifecycle_event: 'start' }
    const shell = startProgram('sh', ['-c', command], { cwd: project.folder, env })
    await project.waitFor('told', 'ready')
    shell.child.kill('SIGTERM')
    await shell.finished // its output is held open by the launcher and the file
    assert.equal(project.read('told'), 'ready\nSIGTERM\nend\n')
  })

  it('during the installation ends it, leaves no lock, and ends the launcher', async (t) => {
    const project = new FakeProject(t)
    project.write('a.ts', '')
    const npm = "process.on('SIGTERM', () => process.exit(1)); setInterval(() => {}, 1_000)"
    project.write('slow/npm-cli.js', `${npm}; require('fs').writeFileSync('told', 'ready')`)
    project.writeJson('slow/package.json', { type: 'commonjs' })
    const env = { npm_execpath: project.path('slow/npm-cli.js') }
    const { child, finished } = project.start(['a.ts'], { env })
    await project.waitFor('told', 'ready')
    child.kill('SIGTERM')
    const end = await finished
    assert.equal(end.signal, 'SIGTERM')
    assert.equal(end.stderr, 'installing packages… failed\nwindsock: installing was ended by SIGTERM\n')
    assert.equal(project.read('.cache/install-lock/owner'), '')
  })

  it('that ends the file ends the launcher', async (t) => {
    const project = await createListening(t)
    project.write('die.ts', 'process.kill(process.pid, "SIGKILL"); setInterval(() => {}, 1_000)')
    assert.equal((await project.start(['die.ts']).finished).signal, 'SIGKILL')
  })
})

async function createListening(t: TestContext): Promise<FakeProject> {
  const project = new FakeProject(t)
  project.write('listen.ts', listener)
  await project.install()
  return project
}
