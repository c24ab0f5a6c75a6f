import assert from 'node:assert/strict'
import { it } from 'node:test'
import { groupActive } from '../../../src/broker/group/group-active.ts'

it('names the group and the next step', () => {
  const { code, message, hint } = groupActive('aroon')
  assert.equal(code, 'group-active')
  assert.match(message, /aroon/)
  assert.match(hint ?? '', /[Ss]top/)
})
