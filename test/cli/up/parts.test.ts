import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createMemoryBroker } from '../../../src/broker/memory/memory-broker.ts'
import { up } from '../../../src/cli/commands/up.ts'
import { readConfig } from '../../../src/cli/config.ts'
import { sharedOptions } from '../../../src/cli/option.ts'
import { partsOf } from '../../../src/cli/up/parts.ts'
import { until } from '../../support/until.ts'

const read = (...args: string[]) => readConfig(args, [...up.options, ...sharedOptions], {})

describe('the parts of up', () => {
  it('are all analyses and all sources, first what the first chart needs', async () => {
    const broker = createMemoryBroker()
    assert.deepEqual(
      partsOf(read('--broker', 'memory'), broker).map(({ name, role }) => `${role} ${name}`),
      ['source prices', 'analysis bollinger', 'analysis aroon', 'analysis flights-per-day', 'source flights'],
    )
    await broker.close()
  })

  it('refuse two paces at once', async () => {
    const broker = createMemoryBroker()
    assert.throws(() => partsOf(read('--rate', '5', '--max'), broker), { code: 'usage' })
    await broker.close()
  })

  it('work in this process with the in-process log, at the pace that is asked for', async () => {
    const broker = createMemoryBroker()
    const running = partsOf(read('--broker', 'memory', '--max'), broker).map((part) => part.start())
    await until('results of flights', async () => {
      const found = await broker.admin.describeTopic('flights-per-day').catch(() => undefined)
      return (found?.partitions[0]?.end ?? 0) > 0
    })
    assert.ok(running.every(({ pid }) => pid === undefined))
    for (const each of running) await each.stop(5_000)
    assert.deepEqual(
      await Promise.all(running.map(({ ended }) => ended)),
      running.map(() => undefined),
    )
    await broker.close()
  })

  it('say why a file of the user cannot be played', async () => {
    const broker = createMemoryBroker()
    const parts = partsOf(read('--broker', 'memory', '--flights', 'missing.csv'), broker)
    const source = parts.find(({ name }) => name === 'flights')?.start()
    assert.equal(await source?.ended, 'missing.csv does not exist. Check the path')
    await broker.close()
  })
})
