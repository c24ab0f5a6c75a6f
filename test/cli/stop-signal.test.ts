import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'

const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
})

const module = new URL('../../src/cli/stop-signal.ts', import.meta.url).href

/** A process that does `drain` once it is asked to stop. */
async function start(drain: string, stdio: 'pipe' | 'ipc' = 'pipe'): Promise<ChildProcess> {
  const script = `
    const { untilAskedToStop } = await import(${JSON.stringify(module)})
    const busy = setInterval(() => {}, 1_000)
    const signal = untilAskedToStop()
    signal.addEventListener('abort', () => { ${drain} })
    process.stdout.write('ready')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit', ...(stdio === 'ipc' ? (['ipc'] as const) : [])],
  })
  children.push(child)
  if (child.stdout !== null) await once(child.stdout, 'data')
  return child
}

describe('being asked to stop', { concurrency: true }, () => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    it(`means to drain, after ${signal}`, async () => {
      const child = await start('clearInterval(busy)')
      child.kill(signal)
      assert.deepEqual(await once(child, 'exit'), [0, null])
    })
  }

  it('twice within a moment is once: a terminal and npm may both pass it on', async () => {
    const child = await start('setTimeout(() => process.exit(7), 1_000)')
    child.kill('SIGINT')
    await delay(20)
    child.kill('SIGTERM')
    assert.deepEqual(await once(child, 'exit'), [7, null])
  })

  it('a second time means at once', async () => {
    const child = await start('')
    child.kill('SIGINT')
    await delay(1_000)
    child.kill('SIGINT')
    assert.deepEqual(await once(child, 'exit'), [130, null])
  })

  it('is also meant when the one who started it is gone', async () => {
    const child = await start('clearInterval(busy)', 'ipc')
    child.disconnect()
    assert.deepEqual(await once(child, 'exit'), [0, null])
  })

  it('is enforced then, since nobody is left to do it', async () => {
    const child = await start('', 'ipc')
    child.disconnect()
    assert.deepEqual(await once(child, 'exit'), [1, null])
  })
})
