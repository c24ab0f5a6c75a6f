import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { processPart } from '../../../src/cli/up/process-part.ts'
import { version } from '../../../src/cli/version.ts'
import { isRunning, until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-part-'))
after(() => rmSync(folder, { recursive: true }))

let homes = 0
const newHome = (): string => join(folder, `home-${++homes}`)
const part = { name: 'aroon', role: 'analysis' } as const
const memory = ['analyse', 'aroon', '--broker', 'memory']

describe('a part as a process of its own', () => {
  it('writes what it says to a log of its name, behind what is there', async () => {
    const home = newHome()
    for (let run = 0; run < 2; run++) {
      const running = processPart(part, ['--version'], home).start()
      assert.ok(Number(running.pid) > 0)
      assert.equal(await running.ended, undefined)
    }
    assert.equal(readFileSync(join(home, 'logs', 'aroon.log'), 'utf8'), `${version}\n`.repeat(2))
  })

  it('ends with its last words of this run when it fails', async () => {
    const home = newHome()
    assert.match(
      (await processPart(part, ['analyse', 'aroon', '--brokers', '127.0.0.1:1', '--home', home], home).start().ended) ??
        '',
      /^connecting: no broker answers at 127\.0\.0\.1:1/,
    )
    const silent = processPart(part, ['--help', 'x'], home).start()
    assert.equal(await silent.ended, undefined, 'not the words of the run before')
  })

  it('tells the signal that ended it', async () => {
    const running = processPart(part, [...memory, '--home', newHome()], newHome()).start()
    process.kill(running.pid ?? -1, 'SIGKILL')
    assert.equal(await running.ended, 'was ended by SIGKILL')
  })

  it('drains when it is stopped, and is killed when it does not', async () => {
    const home = newHome()
    const running = processPart(part, [...memory, '--home', home], home).start()
    const { pid = -1 } = running
    await until('it to wait for records', () => isWaiting(pid))
    await running.stop(30_000)
    assert.equal(await running.ended, undefined)
    const stubborn = processPart(part, [...memory, '--home', home], home).start()
    await until('it to wait for records', () => isWaiting(stubborn.pid ?? -1))
    process.kill(stubborn.pid ?? -1, 'SIGSTOP')
    await stubborn.stop(200)
    assert.equal(await stubborn.ended, 'was ended by SIGKILL')
    assert.deepEqual([await isRunning(pid), await isRunning(stubborn.pid ?? -1)], [false, false])
  })

  it('begins a new log when the old one is large, and keeps that one', async () => {
    const home = newHome()
    await processPart(part, ['--version'], home).start().ended
    const log = join(home, 'logs', 'aroon.log')
    writeFileSync(log, Buffer.alloc(5_000_001))
    await processPart(part, ['--version'], home).start().ended
    assert.equal(readFileSync(log, 'utf8'), `${version}\n`)
    assert.equal(statSync(`${log}.1`).size, 5_000_001)
  })
})

/** Whether it has taken over the signals: SIGHUP, which Node leaves alone, is in the mask of those it catches. */
function isWaiting(pid: number): boolean {
  const caught = /^SigCgt:\s+([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0'
  return (BigInt(`0x${caught}`) & 1n) !== 0n
}
