import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { describeError, systemCode, WindsockError } from '../../src/foundation/errors.ts'

describe('an error of ours', () => {
  it('has a code, a message, a hint and a cause', () => {
    const cause = new Error('EADDRINUSE')
    const error = new WindsockError('port-in-use', 'port 80 is in use', { hint: 'Choose another', cause })
    assert.ok(error instanceof Error)
    assert.deepEqual(
      [error.name, error.code, error.message, error.hint, error.cause],
      ['WindsockError', 'port-in-use', 'port 80 is in use', 'Choose another', cause],
    )
  })

  it('has no hint and no cause where none is given', () => {
    const error = new WindsockError('usage', 'a source is missing')
    assert.equal(error.hint, undefined)
    assert.equal(Object.hasOwn(error, 'cause'), false)
  })

  it('is worth another try when the broker is away, and in no other case', () => {
    const codes = ['broker-unreachable', 'broker-crashed', 'topic-missing', 'fenced', 'state-damaged', 'usage'] as const
    assert.deepEqual(
      codes.filter((code) => new WindsockError(code, 'x').retriable),
      ['broker-unreachable', 'broker-crashed'],
    )
  })
})

describe('an error as a line', () => {
  it('is its message and then its hint, without a stack', () => {
    const error = new WindsockError('usage', 'a source is missing', { hint: 'Give one' })
    assert.equal(describeError(error), 'a source is missing. Give one')
    assert.equal(describeError(new WindsockError('usage', 'a source is missing')), 'a source is missing')
    assert.equal(describeError(new TypeError('x is no function')), 'x is no function')
  })

  it('is the text of a thing that is no error', () => {
    assert.equal(describeError('gone'), 'gone')
    assert.equal(describeError(undefined), 'undefined')
  })
})

describe('the code of a system error', () => {
  it('is the name that Node gives it', async () => {
    const error = await open('/nowhere/at/all').catch((reason: unknown) => reason)
    assert.equal(systemCode(error), 'ENOENT')
  })

  it('is undefined for anything else', () => {
    const others = [new Error('x'), Object.assign(new Error('x'), { code: 7 }), { code: 'ENOENT' }, null, 'ENOENT']
    for (const other of others) assert.equal(systemCode(other), undefined)
  })
})
