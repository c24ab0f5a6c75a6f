import { deepEqual } from 'node:assert/strict'
import { test } from 'node:test'
import { spreadLabels } from '../../../../src/dashboard/browser/layers/spread.ts'

test('labels that would touch are spread apart and stay inside', () => {
  deepEqual(spreadLabels([10, 12, 100], 20, 0, 200), [10, 30, 100])
  deepEqual(spreadLabels([199, 198], 20, 0, 200), [200, 180])
  deepEqual(spreadLabels([], 20, 0, 200), [])
})
