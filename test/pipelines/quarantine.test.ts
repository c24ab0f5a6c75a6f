import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { barSchema } from '../../src/model/bar.ts'
import { createFrame, type Frame } from '../../src/model/frame.ts'
import { createQuarantine } from '../../src/pipelines/quarantine.ts'
import { quarantine as topic } from '../../src/topics/quarantine.ts'
import { intercept } from './intercepted-broker.ts'
import { readNewest, readTopic } from './topic-records.ts'

async function openBroker(): Promise<Broker> {
  const broker = createMemoryBroker()
  await broker.admin.ensureTopics([topic])
  return broker
}

function refusing(origin: string, ...refusals: readonly (readonly [number, string])[]): Frame {
  const frame = createFrame(barSchema, origin)
  for (const [position, reason] of refusals) frame.refuse(position, reason, `sample of ${reason}`)
  return frame
}

describe('the quarantine', () => {
  it('keeps origin, reason, sample and who refused it, keyed by the origin', async () => {
    const broker = await openBroker()
    const quarantine = createQuarantine(broker.openPublisher('x'), 'aroon')
    const frame = refusing('prices/2', [88_120, 'not JSON'])
    await quarantine.add(frame, frame.refusals)
    assert.deepEqual(
      [...(await readNewest(broker, topic.name))],
      [['prices/2:88120', { origin: 'prices/2:88120', reason: 'not JSON', sample: 'sample of not JSON', by: 'aroon' }]],
    )
    assert.equal(quarantine.count, 1)
  })

  it('numbers the refusals of one place from the second on, and begins anew with every frame', async () => {
    const broker = await openBroker()
    const quarantine = createQuarantine(broker.openPublisher('x'), 'aroon')
    for (const origin of ['prices/0', 'prices/1']) {
      const frame = refusing(origin, [5, 'a'], [7, 'b'], [5, 'c'], [5, 'd'])
      await quarantine.add(frame, frame.refusals)
    }
    const keys = ['5', '5#2', '5#3', '7']
    assert.deepEqual(
      [...(await readNewest(broker, topic.name)).keys()],
      ['prices/0', 'prices/1'].flatMap((origin) => keys.map((key) => `${origin}:${key}`)),
    )
    assert.equal(quarantine.count, 8)
  })

  it('gives the same keys when the same record is refused again, so that it stays one entry', async () => {
    const broker = await openBroker()
    for (const by of ['aroon', 'bollinger', 'aroon']) {
      const frame = refusing('prices/0', [5, 'a'], [5, 'b'])
      await createQuarantine(broker.openPublisher('x'), by).add(frame, frame.refusals)
    }
    assert.equal((await readTopic(broker, topic.name)).length, 6)
    assert.equal((await readNewest(broker, topic.name)).size, 2)
  })

  it('counts what the broker has acknowledged, and sends nothing where nothing is refused', async () => {
    let sends = 0
    const broker = intercept(await openBroker(), {
      onSend: () => {
        sends++
        return Promise.reject(new Error('away'))
      },
    })
    const quarantine = createQuarantine(broker.openPublisher('x'), 'aroon')
    const frame = refusing('prices/0', [5, 'a'])
    await quarantine.add(frame, [])
    assert.equal(sends, 0)
    await assert.rejects(quarantine.add(frame, frame.refusals), /away/)
    assert.deepEqual([sends, quarantine.count], [1, 0])
  })
})
