import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Lease, type Moment } from '../../../../src/broker/kafka/group/lease.ts'

function makeLease() {
  let at: Moment = { wallMs: 1_000_000, steadyMs: 50 }
  const lease = new Lease(() => at)
  const pass = (wallMs: number, steadyMs: number): void => {
    at = { wallMs: at.wallMs + wallMs, steadyMs: at.steadyMs + steadyMs }
  }
  return { lease, pass, now: () => at }
}

it('runs from the sending of a request that was answered, and not before one', () => {
  const { lease, pass, now } = makeLease()
  assert.equal(lease.isRunning(), false)
  const sentAt = now()
  pass(400, 400)
  lease.renew(sentAt, 1_000)
  assert.equal(lease.isRunning(), true)
  pass(599, 599)
  assert.equal(lease.isRunning(), true)
  pass(1, 1)
  assert.equal(lease.isRunning(), false)
})

it('has run out when the machine has slept, and when somebody has set its clock', () => {
  for (const [wallMs, steadyMs] of [
    [5_000, 3],
    [-5_000, 1_200],
  ] as const) {
    const { lease, pass, now } = makeLease()
    lease.renew(now(), 1_000)
    pass(wallMs, steadyMs)
    assert.equal(lease.isRunning(), false)
  }
})
