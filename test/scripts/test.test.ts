import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it, type TestContext } from 'node:test'
import { describeOutcome, describeSkips, describeTotal, isGood, type Outcome } from '../../scripts/test/outcome.ts'
import { suiteOf } from '../../scripts/test/stages.ts'
import { runTestFile } from '../../scripts/test/test-file.ts'

const start = "import { describe, it, test } from 'node:test'\n"

describe('a test file', () => {
  it('counts its tests, and suites by the tests in them', async (t) => {
    const outcome = await run(t, "describe('s', () => { it('a', () => {}); it('b', () => { throw new Error('no') }) })")
    assert.deepEqual([outcome.passed, outcome.failed], [1, 1])
    assert.match(outcome.failures[0]?.where ?? '', /file\.test\.ts:2 b$/)
    assert.match(outcome.failures[0]?.what ?? '', /Error: no\n +at /)
  })

  it('fails as a whole when it crashes, and shows what it printed', async (t) => {
    const outcome = await run(t, "throw new Error('crash')")
    assert.deepEqual([outcome.passed, outcome.failed], [0, 1])
    assert.match(describeOutcome(outcome), /crashed with exit code 1\n(.*\n)*.*Error: crash/)
  })

  it('fails as a whole when it holds no tests', async (t) => {
    const outcome = await run(t, '')
    assert.equal(outcome.failed, 1)
    assert.match(outcome.failures[0]?.what ?? '', /no tests/)
    const emptySuite = await run(t, "describe('s', () => {})")
    assert.deepEqual([emptySuite.failed, emptySuite.failures[0]?.what], [1, 'holds no tests'])
  })

  it('fails when it leaves before its tests are done, even with exit code 0', async (t) => {
    const outcome = await run(t, "test('a', () => {}); test('b', () => process.exit(0)); test('c', () => {})")
    assert.equal(outcome.failed, 1)
    assert.match(outcome.failures[0]?.what ?? '', /process\.exit/)
  })

  it('fails when it hangs, and says in which test', async (t) => {
    const outcome = await run(t, "test('waits for ever', () => new Promise(() => setInterval(() => {}, 1_000)))", 1_000)
    assert.deepEqual(
      [outcome.failed, outcome.failures[0]?.what],
      [1, 'did not end within 1 s: unfinished: waits for ever'],
    )
  })

  it('tells the reason of every test that is skipped', async (t) => {
    const outcome = await run(
      t,
      `test('a', { skip: 'needs a browser' }, () => {})
       test('b', (t) => t.skip('needs a browser'))
       describe('c', { skip: 'needs Java' }, () => { it('d', () => {}) })
       test('e', { todo: 'soon' }, () => { throw new Error('not yet') })
       test('f', { skip: true }, () => {})`,
    )
    assert.deepEqual([outcome.passed, outcome.failed], [0, 0])
    assert.deepEqual(describeSkips([outcome]).slice(0, 3), [
      'skipped: needs a browser (2 tests)',
      'skipped: needs Java (1 test)',
      'skipped: to do: soon (1 test)',
    ])
    assert.match(describeSkips([outcome])[3] ?? '', /no reason given by .*file\.test\.ts "f" \(1 test\)$/)
  })
})

describe('a test run', () => {
  const passed: Outcome = { name: 'a', passed: 2, failed: 0, skips: [], failures: [], output: '', seconds: 1 }

  it('ends with the sums', () => {
    assert.equal(describeTotal([]), '0 passed, 0 failed')
    assert.equal(describeTotal([passed, { ...passed, failed: 1 }]), '4 passed, 1 failed')
    assert.equal(describeTotal([{ ...passed, skips: [{ reason: 'x' }] }]), '2 passed, 0 failed, 1 skipped')
  })
  it('is good when something passed and nothing failed', () => {
    assert.equal(isGood([passed]), true)
    assert.equal(isGood([passed, { ...passed, failed: 1 }]), false)
    assert.equal(isGood([]), false)
    assert.equal(isGood([{ ...passed, passed: 0, skips: [{ reason: 'x' }] }]), false)
  })
  it('sorts files into suites by their folders', () => {
    assert.equal(suiteOf('test/broker/kafka/reader.test.ts'), 'kafka')
    assert.equal(suiteOf('test/kafka/a.test.ts'), 'kafka')
    assert.equal(suiteOf('test/scenarios/a.test.ts'), 'kafka')
    assert.equal(suiteOf('test/browser/a.test.ts'), 'browser')
    assert.equal(suiteOf('test/dashboard/browser/a.test.ts'), 'unit')
    assert.equal(suiteOf('test/broker/memory/a.test.ts'), 'unit')
  })
})

async function run(t: TestContext, source: string, timeoutMs = 20_000): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'windsock-testing-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'file.test.ts')
  writeFileSync(file, start + source)
  return runTestFile(file, timeoutMs)
}
