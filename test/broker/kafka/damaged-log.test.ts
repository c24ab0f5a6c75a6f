import assert from 'node:assert/strict'
import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { kafkaForSuite } from '../../support/kafka-suite.ts'
import { withoutKafka } from '../../support/local-kafka.ts'

describe("over a wrong byte on the broker's disk", { skip: withoutKafka }, () => {
  const suite = kafkaForSuite()

  it('a reader gives what is right and names the batch that is not', async () => {
    const topic = 'damaged'
    await suite.broker.admin.ensureTopics([{ name: topic, partitions: 1, cleanup: 'delete', retentionMs: -1 }])
    const publisher = suite.broker.openPublisher('damaged')
    for (const letter of 'abc') await publisher.send(topic, [{ key: 'k', value: letter.repeat(500) }])
    await changeByte(join(suite.kafka.home, 'broker'), `${topic}-0`, 'bbbb')
    const reader = suite.broker.openReader({ topic, start: 'earliest', signal: AbortSignal.timeout(20_000) })
    const offsets: number[] = []
    const reading = (async () => {
      for await (const { records } of reader) offsets.push(...records.map(({ offset }) => offset))
    })()
    await assert.rejects(reading, {
      code: 'records-damaged',
      message: /^damaged\/0: the record batch at offset 1 is damaged: its CRC-32C is [0-9a-f]{8} and ought to be /,
    })
    assert.deepEqual(offsets, [0])
    await reader.close()
    const behind = suite.broker.openReader({
      topic,
      start: new Map([[0, 2]]),
      until: new Map([[0, 3]]),
      signal: AbortSignal.timeout(20_000),
    })
    for await (const { records } of behind) offsets.push(...records.map(({ offset }) => offset))
    await behind.close()
    assert.deepEqual(offsets, [0, 2])
  })
})

/** Changes the first byte of a text in a partition's log, which the broker sends as it lies on the disk. */
async function changeByte(folder: string, partition: string, text: string): Promise<void> {
  const names = await readdir(folder, { recursive: true })
  const name = names.find((each) => each.includes(`${partition}/`) && each.endsWith('.log'))
  assert.ok(name !== undefined, `there is no log of ${partition} in ${folder}`)
  const file = await open(join(folder, name), 'r+')
  const at = (await file.readFile()).indexOf(text)
  assert.ok(at > 0)
  await file.write('x', at)
  await file.close()
}
