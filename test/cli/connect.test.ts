import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type Config, readConfig } from '../../src/cli/config.ts'
import { connect, homeOf, memberFolderOf, namedBrokers } from '../../src/cli/connect.ts'
import { sharedOptions } from '../../src/cli/option.ts'

const folder = mkdtempSync(join(tmpdir(), 'windsock-connect-'))
after(() => rmSync(folder, { recursive: true }))

const read = (...args: string[]): Config => readConfig(args, sharedOptions, {})

describe('connecting', () => {
  it('keeps the members of groups below the home', () => {
    assert.deepEqual([homeOf(read()), homeOf(read('--home', 'there'))], ['.windsock', 'there'])
    assert.equal(memberFolderOf(read('--home', 'there')), join('there', 'members'))
  })

  it('reads the addresses of a cluster', () => {
    assert.equal(namedBrokers(read()), undefined)
    assert.deepEqual(namedBrokers(read('--brokers', 'a.example:1, [::1]:65535')), ['a.example:1', '[::1]:65535'])
  })

  for (const text of ['kafka', 'kafka:', ':9092', 'kafka:0', 'kafka:65536', 'kafka:9092,', 'kafka:9o92', 'a b:1', '']) {
    it(`refuses "${text}" as the address of a cluster`, () => {
      assert.throws(() => namedBrokers(read('--brokers', text)), {
        code: 'usage',
        message: /^--brokers takes host:port/,
      })
    })
  }

  it('opens the in-process log without any server', async () => {
    const broker = await connect(read('--broker', 'memory'))
    assert.equal(broker.kind, 'memory')
    await broker.close()
  })

  it('says that no broker runs from a home, and how to start one', async () => {
    await assert.rejects(connect(read('--home', folder)), {
      code: 'broker-unreachable',
      message: `no broker runs from ${folder}`,
      hint: /windsock up/,
    })
  })

  it('says so of a home that cannot be one, too', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    await assert.rejects(connect(read('--home', file)), { name: 'WindsockError', message: new RegExp(file) })
  })

  it('gives up on a cluster that does not answer, and names it', async () => {
    await assert.rejects(connect(read('--brokers', '127.0.0.1:1')), {
      code: 'broker-unreachable',
      message: /127\.0\.0\.1:1 \(ECONNREFUSED\)/,
    })
  })
})
