import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import type { LiveTable } from '../../../src/model/live.ts'
import { openLivePage } from '../../support/live-page.ts'
import { runCommand, startCommand } from '../../support/run-windsock.ts'
import { isRunning, until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-up-'))
after(() => rmSync(folder, { recursive: true }))

const tables: readonly LiveTable[] = ['prices', 'bollinger', 'aroon', 'flights-per-day']

describe('windsock up with the in-process log', () => {
  it('comes up, serves the page and live data, and ends in order within 5 s, leaving nothing', async () => {
    const home = join(folder, 'home')
    let children: string[] = []
    let stopMs = 0
    const up = startCommand(['up', '--broker', 'memory', '--port', '0', '--home', home])
    try {
      const url = await until('the address', () => /^ {2}(http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(up.stderr())?.[1])
      assert.equal((await fetch(url)).status, 200)
      const page = await openLivePage(url)
      for (const table of tables) await until(`rows of ${table}`, () => page.rowsOf(table) > 0)
      assert.deepEqual(
        page
          .system()
          .processes.map(({ name }) => name)
          .toSorted(),
        ['aroon', 'bollinger', 'flights', 'flights-per-day', 'prices'],
      )
      await page.close()
      const note = JSON.parse(readFileSync(join(home, 'up.json'), 'utf8'))
      assert.deepEqual([note.pid, note.url, note.broker, note.parts], [up.pid, url, [], {}])
      children = readFileSync(`/proc/${up.pid}/task/${up.pid}/children`, 'utf8').split(' ').filter(Boolean)
    } finally {
      stopMs = await up.stop()
    }
    assert.ok(stopMs < 6_000, `${stopMs} ms`)
    for (const pid of children) await until(`process ${pid} to be gone`, async () => !(await isRunning(Number(pid))))
    assert.equal((await up.ended).code, 0)
    assert.match(up.stderr(), /draining\n.*stopped\n$/)
    assert.equal(existsSync(join(home, 'up.json')), false)
  })

  it('says in one sentence that its port is taken, and leaves nothing behind', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const home = join(folder, 'taken')
    const { code, stderr } = await runCommand(['up', '--broker', 'memory', '--port', String(port), '--home', home])
    other.close()
    assert.equal(code, 1)
    const last = stderr.trimEnd().split('\n').at(-1)
    assert.equal(last?.startsWith(`windsock: port ${port} on 127.0.0.1 is in use. `), true, last)
    assert.doesNotMatch(stderr, /\n {4}at /)
    assert.equal(existsSync(join(home, 'up.json')), false)
  })

  it('says in one sentence that its home cannot be made', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    for (const home of [file, join(file, 'home')]) {
      const { code, stderr } = await runCommand(['up', '--broker', 'memory', '--port', '0', '--home', home])
      assert.equal(code, 1)
      assert.match(stderr, new RegExp(`\nwindsock: the folder ${home} cannot be made \\(E[A-Z]+\\)\\. [^\\n]+\\n$`))
    }
  })
})
