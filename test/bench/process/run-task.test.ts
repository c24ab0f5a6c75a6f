import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { describe, it } from 'node:test'
import type { Launcher, Task } from '../../../bench/engine.ts'
import { lastWords, runTask } from '../../../bench/process/run-task.ts'

const task: Task = {
  job: 'flights-drain',
  brokers: [],
  topic: 't',
  mode: 'm',
  spans: [{ partition: 0, from: 0, to: 1_000 }],
  process: { index: 0, of: 1 },
  folder: tmpdir(),
  id: 'x',
}

/** An engine that is this script. */
function engineOf(script: string): Launcher {
  return { command: ({ process: { index } }) => ({ file: process.execPath, args: ['-e', script, String(index)] }) }
}

const speaks = (work: string): Launcher =>
  engineOf(`
    const at = Number(process.argv[1])
    console.log(JSON.stringify({ ready: true }))
    process.stdin.once('data', () => { ${work} })
  `)
const options = { timeoutMs: 20_000, signal: new AbortController().signal }

describe('a run', () => {
  const reporting = speaks(`
    const from = 1e12 + at * 100
    console.log(JSON.stringify({ report: { from, to: from + 400, records: 500 } }))
  `)
  it('takes the time from the first record of any process to the last', async () => {
    const { seconds, recordsPerSecond, reports, peakMemoryMiB } = await runTask(reporting, task, 2, options)
    assert.equal(reports.length, 2)
    assert.equal(seconds, 0.5)
    assert.equal(recordsPerSecond, 2_000)
    if (process.platform === 'linux') assert.ok(peakMemoryMiB > 40, 'that of both')
  })
  it('that crashes says what the engine said', async () => {
    const crashing = speaks(`throw new TypeError('no such thing')`)
    await assert.rejects(runTask(crashing, task, 1, options), /it ended with 1: .*TypeError: no such thing/)
  })
  it('that ends without a report is none', async () => {
    await assert.rejects(runTask(speaks('process.exit(0)'), task, 1, options), /it ended with 0/)
  })
  it('that does not end is ended, and told so', async () => {
    const hanging = speaks('setInterval(() => {}, 1000)')
    await assert.rejects(runTask(hanging, task, 1, { ...options, timeoutMs: 700 }), /it did not end within 0.7 s/)
  })
  it('of a program that cannot be started says so', async () => {
    const missing: Launcher = { command: () => ({ file: '/nowhere/java', args: [] }) }
    await assert.rejects(runTask(missing, task, 1, options), /ENOENT/)
  })
  it('of a foreign program reads what it prints', async () => {
    const foreign: Launcher = {
      ...engineOf(`console.log('7 records')`),
      readReport: (stdout) => ({ from: 1_000, to: 2_000, records: Number.parseInt(stdout, 10) }),
    }
    const { reports } = await runTask(foreign, task, 1, options)
    assert.deepEqual(reports, [{ from: 1_000, to: 2_000, records: 7 }])
  })
})

describe('the last words of a process', () => {
  it('are the line that names the error, else the last', () => {
    assert.equal(lastWords('a\njava.lang.Exception: x\n  at y\n'), 'java.lang.Exception: x')
    assert.equal(lastWords('a\nb\n\n'), 'b')
    assert.equal(lastWords(''), 'it said nothing')
  })
})
