import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { runCommand, startCommand } from '../../support/run-windsock.ts'
import { until } from '../../support/until.ts'

const home = mkdtempSync(join(tmpdir(), 'windsock-dashboard-'))
after(() => rmSync(home, { recursive: true }))

const args = ['dashboard', '--broker', 'memory', '--home', home]

describe('windsock dashboard', () => {
  it('prints its address, serves the page there, and ends in order', async () => {
    const running = startCommand([...args, '--port', '0'])
    try {
      const url = await until('its address', () => /^http:\/\/127\.0\.0\.1:\d+\/$/m.exec(running.stdout())?.[0])
      const response = await fetch(url)
      assert.equal(response.status, 200)
      assert.match(await response.text(), /<html/i)
    } finally {
      await running.stop()
    }
    assert.deepEqual([(await running.ended).code, running.stderr()], [0, ''])
  })

  it('says in one sentence that its port is taken', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { code, stdout, stderr } = await runCommand([...args, '--port', String(port)])
    other.close()
    assert.deepEqual([code, stdout], [1, ''])
    assert.match(stderr, new RegExp(`^windsock: port ${port} on 127\\.0\\.0\\.1 is in use\\. [^\\n]+--port[^\\n]+\\n$`))
  })
})
