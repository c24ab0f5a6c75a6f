import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { version } from '../../src/cli/version.ts'
import { flightsFile, runCommand } from '../support/run-windsock.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-main-'))
after(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]) => runCommand(args, { cwd: folder })

interface Case {
  readonly what: string
  readonly args: readonly string[]
  readonly code: 1 | 2
  readonly says: RegExp
}

const cases: readonly Case[] = [
  {
    what: 'a command that does not exist',
    args: ['fly'],
    code: 2,
    says: /^windsock: there is no command fly\. The commands are up, .*\n$/,
  },
  {
    what: 'an option that does not exist',
    args: ['up', '--nope'],
    code: 2,
    says: /^windsock: Unknown option '--nope'\nSee windsock up --help\n$/,
  },
  {
    what: 'an argument too many',
    args: ['recompute', 'aroon', 'bollinger'],
    code: 2,
    says: /^windsock: windsock recompute takes one argument, the analysis, got "bollinger" too\nSee windsock recompute --help\n$/,
  },
  {
    what: 'an argument where none is taken',
    args: ['config', 'all'],
    code: 2,
    says: /takes no argument, got "all" too\n/,
  },
  {
    what: 'a file that does not exist',
    args: ['publish', 'flights', '--file', 'missing.csv'],
    code: 1,
    says: /^windsock: missing\.csv does not exist\. .+\n$/,
  },
  {
    what: 'a folder in place of a file',
    args: ['publish', 'flights', '--file', '.'],
    code: 1,
    says: /^windsock: \. is a directory\. .+\n$/,
  },
  {
    what: 'a home without a broker',
    args: ['publish', 'flights', '--file', flightsFile],
    code: 1,
    says: /^windsock: no broker runs from \.windsock\. Start everything with windsock up, .+\n$/,
  },
  {
    what: 'a cluster that does not answer',
    args: ['results', 'aroon', '--brokers', '127.0.0.1:1'],
    code: 1,
    says: /^windsock: .*no broker answers at 127\.0\.0\.1:1 \(ECONNREFUSED\)\. .+\n$/,
  },
]

describe('the command line', () => {
  for (const { what, args, code, says } of cases) {
    it(`answers ${what} with one sentence, what to do, and exit code ${code}`, async () => {
      const end = await run(...args)
      assert.match(end.stderr, says)
      assert.doesNotMatch(end.stderr, /\n {4}at /)
      assert.deepEqual([end.code, end.stdout], [code, ''])
    })
  }

  it('prints the stack as well when asked to', async () => {
    const { code, stderr } = await run('results', 'aroon', '--brokers', '127.0.0.1:1', '--trace')
    assert.equal(code, 1)
    assert.match(stderr, /^windsock: .*ECONNREFUSED/)
    assert.match(stderr, /\nWindsockError: .*\n {4}at /)
  })

  it('prints its help when asked to, and as a wrong use when nothing is asked', async () => {
    const help = await run('--help')
    assert.deepEqual([help.code, help.stderr], [0, ''])
    assert.match(help.stdout, /^Usage: windsock <command>/m)
    assert.deepEqual(await run(), { ...help, code: 2 })
  })

  it('prints the help of a command wherever --help stands, and does nothing else', async () => {
    const { code, stdout, stderr } = await run('publish', 'flights', '--file', 'missing.csv', '--help')
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^Examples:\n {2}windsock publish flights/m)
  })

  it('prints its version', async () => {
    assert.equal((await run('--version')).stdout, `${version}\n`)
  })

  it('reads windsock.json in the working folder', async () => {
    writeFileSync(join(folder, 'windsock.json'), '{"home": "elsewhere"}')
    const { stderr } = await run('publish', 'flights', '--file', flightsFile)
    rmSync(join(folder, 'windsock.json'))
    assert.match(stderr, /^windsock: no broker runs from elsewhere\./)
  })
})
