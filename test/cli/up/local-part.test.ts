import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { localPart } from '../../../src/cli/up/local-part.ts'
import { WindsockError } from '../../../src/foundation/errors.ts'

const part = { name: 'aroon', role: 'analysis' } as const

describe('a part of this process', () => {
  it('has no process, and ends when its work is done', async () => {
    const running = localPart(part, async () => 'done').start()
    assert.equal(running.pid, undefined)
    assert.equal(await running.ended, undefined)
  })

  it('says why it failed, in a sentence', async () => {
    const failing = localPart(part, () =>
      Promise.reject(new WindsockError('fenced', 'it was fenced', { hint: 'Stop one' })),
    )
    assert.equal(await failing.start().ended, 'it was fenced. Stop one')
  })

  it('is told to stop, and waited for', async () => {
    let isDrained = false
    const running = localPart(part, async (signal) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      isDrained = true
    }).start()
    await running.stop(1_000)
    assert.equal(isDrained, true)
    assert.equal(await running.ended, undefined)
  })
})
