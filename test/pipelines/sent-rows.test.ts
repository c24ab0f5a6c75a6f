import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { findSentRows, rowHeader, rowMark } from '../../src/pipelines/sent-rows.ts'
import { prices } from '../../src/topics/prices.ts'
import { sendTo } from './topic-records.ts'

const running = new AbortController().signal
const fingerprint = 'prices-csv:0a#1'

async function brokerWith(...records: readonly OutgoingRecord[]): Promise<Broker> {
  const broker = createMemoryBroker()
  await broker.admin.ensureTopics([prices])
  await sendTo(broker, prices.name, ...records)
  return broker
}

function marked(partition: number, mark: string): OutgoingRecord {
  return { key: 'A', value: '{}', partition, headers: { [rowHeader]: mark } }
}

const find = async (broker: Broker): Promise<number[]> => findSentRows(broker, prices.name, fingerprint, running)

describe('the rows that were sent', () => {
  it('are told for each partition by the row after the last one that is in it, 0 where there is none', async () => {
    const rows = [
      marked(0, rowMark(fingerprint, 0)),
      marked(2, rowMark(fingerprint, 3)),
      marked(2, rowMark(fingerprint, 17)),
    ] // mixed
    assert.deepEqual(await find(await brokerWith(...rows)), [1, 0, 18, 0])
    assert.deepEqual(await find(await brokerWith()), [0, 0, 0, 0])
  })

  it('are those of the source itself: no other, no record without a mark and none with a mark that is no number', async () => {
    const others = [
      ...['prices-csv:0a', `${fingerprint}#`, 'x', ''].map((other) => marked(1, rowMark(other, 99))),
      marked(1, fingerprint),
      marked(1, `${fingerprint}#x`),
      marked(1, `${fingerprint}#-7`),
      marked(1, `${fingerprint}#1.5`),
      { key: 'A', value: '{}', partition: 1 },
    ]
    assert.deepEqual(await find(await brokerWith(...others)), [0, 0, 0, 0])
    assert.deepEqual(await find(await brokerWith(marked(1, rowMark(fingerprint, 4)), ...others)), [0, 5, 0, 0])
  })

  it('are found behind 999 later records of others in their partition', async () => {
    const foreign = Array.from({ length: 999 }, () => ({ key: 'A', value: '{}', partition: 3 }))
    assert.deepEqual(await find(await brokerWith(marked(3, rowMark(fingerprint, 4)), ...foreign)), [0, 0, 0, 5])
  })

  it('cannot be asked of a topic that is not there', async () => {
    await assert.rejects(find(createMemoryBroker()), { code: 'topic-missing' })
  })
})
