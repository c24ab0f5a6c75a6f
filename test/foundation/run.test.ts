import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { WindsockError } from '../../src/foundation/errors.ts'
import { failureOf, type Run, type RunControl, startRun, type RunState } from '../../src/foundation/run.ts'

interface Held {
  readonly run: Run
  readonly control: RunControl
  readonly end: () => void
  readonly fail: (error: unknown) => void
}

/** A run whose body ends when it is told to. */
function startHeld(): Held {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let control: RunControl | undefined
  const run = startRun('feed', (given) => {
    control = given
    return promise
  })
  assert.ok(control !== undefined)
  return { run, control, end: resolve, fail: reject }
}

const settled = (run: Run): Promise<unknown> => run.done.catch(() => {})

/** What each happening makes of a run in each state that can be reached. */
type Happening = 'ready' | 'stop' | 'end' | 'fail'
const table: Record<RunState, Record<Happening, RunState>> = {
  starting: { ready: 'running', stop: 'draining', end: 'stopped', fail: 'failed' },
  running: { ready: 'running', stop: 'draining', end: 'stopped', fail: 'failed' },
  draining: { ready: 'draining', stop: 'draining', end: 'stopped', fail: 'failed' },
  stopped: { ready: 'stopped', stop: 'stopped', end: 'stopped', fail: 'stopped' },
  failed: { ready: 'failed', stop: 'failed', end: 'failed', fail: 'failed' },
}
const waysTo: Record<RunState, readonly Happening[]> = {
  starting: [],
  running: ['ready'],
  draining: ['ready', 'stop'],
  stopped: ['ready', 'end'],
  failed: ['ready', 'fail'],
}

async function happen({ run, control, end, fail }: Held, happening: Happening): Promise<void> {
  switch (happening) {
    case 'ready':
      return control.ready()
    case 'stop':
      return void run.stop().catch(() => {})
    case 'end':
      end()
      return void (await settled(run))
    case 'fail':
      fail(new Error('broken'))
      return void (await settled(run))
  }
}

describe('a run', () => {
  for (const state of ['starting', 'running', 'draining', 'stopped', 'failed'] as const) {
    for (const happening of ['ready', 'stop', 'end', 'fail'] as const) {
      it(`that is ${state} is ${table[state][happening]} after ${happening}`, async () => {
        const held = startHeld()
        for (const step of waysTo[state]) await happen(held, step)
        assert.equal(held.run.state, state)
        await happen(held, happening)
        assert.equal(held.run.state, table[state][happening])
      })
    }
  }

  it('aborts the signal of its body when it is stopped, with who it is as the reason', async () => {
    const { run, control, end } = startHeld()
    assert.equal(control.signal.aborted, false)
    const stopping = run.stop()
    assert.equal(control.signal.aborted, true)
    assert.match(String(control.signal.reason), /feed was asked to stop/)
    end()
    await stopping
    assert.equal(run.name, 'feed')
  })

  it('drains: stop resolves once the body has returned, as often as it is called', async () => {
    const { run, end } = startHeld()
    let isOver = false
    const both = Promise.all([run.stop(), run.stop()]).then(() => (isOver = true))
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(isOver, false)
    end()
    await both
    await run.stop()
    assert.equal(run.state, 'stopped')
  })

  it('rejects with the reason of a failure, which also stop gives', async () => {
    const { run, fail } = startHeld()
    const error = new WindsockError('fenced', 'another took over', { hint: 'Stop one' })
    fail(error)
    await assert.rejects(run.done, error)
    await assert.rejects(run.stop(), error)
    assert.equal(await failureOf(run), 'another took over. Stop one')
  })

  it('that failed is no crash when nobody asks for its end', async () => {
    const crashes: unknown[] = []
    const note = (error: unknown): void => void crashes.push(error)
    process.on('unhandledRejection', note)
    startHeld().fail(new Error('broken'))
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    assert.deepEqual(crashes, [])
  })

  it('that ended well has no failure', async () => {
    const { run, end } = startHeld()
    end()
    assert.equal(await failureOf(run), undefined)
  })
})
