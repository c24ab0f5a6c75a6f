import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { claimHome } from '../../../src/cli/up/home-claim.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-claim-'))
const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(folder, { recursive: true })
})

function homeWith(note: string | undefined): string {
  const home = mkdtempSync(join(folder, 'home-'))
  if (note !== undefined) writeFileSync(join(home, 'up.json'), note)
  return home
}

/** A process whose arguments look like these. */
async function startProcess(...args: string[]): Promise<number> {
  const file = join(folder, 'main.ts')
  writeFileSync(file, "process.stdout.write('ready'); setInterval(() => {}, 1_000)")
  const child = spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  await once(child.stdout, 'data')
  return child.pid ?? -1
}

const pidIn = (home: string): unknown => JSON.parse(readFileSync(join(home, 'up.json'), 'utf8')).pid

describe('the claim on a home', () => {
  it('is noted from the first moment on, and taken back', () => {
    const home = homeWith(undefined)
    const claim = claimHome(home)
    assert.equal(pidIn(home), process.pid)
    claim.note({ pid: process.pid, url: 'http://127.0.0.1:1/', brokers: 'b', broker: [2], parts: { aroon: 3 } })
    assert.deepEqual(JSON.parse(readFileSync(join(home, 'up.json'), 'utf8')).parts, { aroon: 3 })
    claim.release()
    assert.equal(existsSync(join(home, 'up.json')), false)
  })

  it('is refused while another windsock up has it, who is left as it was', async () => {
    const pid = await startProcess('up', '--port', '0')
    const note = JSON.stringify({ pid, url: 'http://127.0.0.1:1/' })
    const home = homeWith(note)
    assert.throws(() => claimHome(home), {
      code: 'config',
      message: `windsock up runs from ${home} already (process ${pid}, at http://127.0.0.1:1/)`,
      hint: /--home DIR/,
    })
    assert.equal(readFileSync(join(home, 'up.json'), 'utf8'), note)
  })

  it('passes on when the other died, when its number is somebody else’s now, and when the note is damaged', async () => {
    const gone = spawn(process.execPath, ['-e', ''])
    await once(gone, 'exit')
    const another = await startProcess('analyse', 'aroon')
    const notes = [gone.pid, another, process.pid, -1, 0, '1', null].map((pid) => JSON.stringify({ pid }))
    for (const note of [...notes, '', '{"pid"', '[]', 'null']) {
      const home = homeWith(note)
      claimHome(home)
      assert.equal(pidIn(home), process.pid, note)
    }
  })
})
