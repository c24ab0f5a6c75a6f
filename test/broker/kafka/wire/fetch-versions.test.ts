import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { BatchWalk } from '../../../../src/broker/kafka/wire/batch-walk.ts'
import { BrokerSession } from '../../../../src/broker/kafka/wire/broker-session.ts'
import { encodeFetch, fetchVersions } from '../../../../src/broker/kafka/wire/fetch-request.ts'
import { decodeFetch } from '../../../../src/broker/kafka/wire/fetch-response.ts'
import { locateTopic, parseEndpoint } from '../../../../src/broker/kafka/wire/locate-topic.ts'
import { decodeMetadata, encodeMetadata, metadataVersions } from '../../../../src/broker/kafka/wire/metadata.ts'
import { Pieces } from '../../../../src/broker/kafka/wire/pieces.ts'
import { RecordPacker } from '../../../../src/broker/kafka/wire/record-packer.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../../../support/local-kafka.ts'

const options = { clientId: 'test', connectTimeoutMs: 3_000, answerTimeoutMs: 10_000 }
const pieces = new Pieces(undefined, 1_000_000)

describe('each version of our requests', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let session: BrokerSession
  before(async () => {
    kafka = await startTestKafka()
    session = await BrokerSession.open(parseEndpoint(kafka.brokers[0] ?? ''), options, pieces)
    const broker = createKafkaBroker({ brokers: kafka.brokers })
    await broker.admin.ensureTopics([{ name: 'versions', partitions: 2, cleanup: 'delete', retentionMs: -1 }])
    const publisher = broker.openPublisher('versions')
    const records = Array.from({ length: 10 }, (_, i) => ({ key: 'k', value: `value ${i}`, partition: 1 }))
    await publisher.send('versions', records)
    await broker.close()
  })
  after(async () => {
    session.close()
    await kafka.stop()
  })

  it('finds the leaders', async () => {
    const endpoints = kafka.brokers.map(parseEndpoint)
    const expected = await locateTopic('versions', endpoints, options, pieces)
    assert.equal(expected.error, 0)
    assert.equal(expected.leaders.size, 2)
    for (let version = metadataVersions.from; version <= metadataVersions.to; version++) {
      const api = session.choose({ ...metadataVersions, from: version, to: version })
      const { reader, release } = await session.request(api, encodeMetadata(api, 'versions'))
      assert.deepEqual(decodeMetadata(reader), expected)
      release()
      const missing = await session.request(api, encodeMetadata(api, 'nowhere'))
      assert.equal(decodeMetadata(missing.reader).error, 3)
      missing.release()
    }
  })

  it('fetches', async () => {
    const { topicId } = await locateTopic('versions', kafka.brokers.map(parseEndpoint), options, pieces)
    for (let version = fetchVersions.from; version <= fetchVersions.to; version++) {
      const api = session.choose({ ...fetchVersions, from: version, to: version })
      const partitions = [0, 1].map((partition) => ({ partition, offset: 0, leaderEpoch: 0, lastEpoch: -1 }))
      const body = encodeFetch(api, {
        topic: { name: 'versions', id: topicId },
        partitions,
        isCommitted: false,
        waitMs: 200,
        answerBytesMax: 100_000,
        partitionBytesMax: 100_000,
      })
      const { piece, reader, release } = await session.request(api, body, 200)
      const response = decodeFetch(reader, version)
      assert.deepEqual(
        response.partitions.map(({ partition, error, highWatermark }) => [partition, error, highWatermark]),
        [
          [0, 0, 0],
          [1, 0, 10],
        ],
      )
      const packer = new RecordPacker()
      const walked: number[][] = []
      for (const { start, end } of response.partitions) {
        const fetched = { origin: 'versions', piece, start, end, aborted: [], from: 0, to: Infinity }
        for (const next of new BatchWalk(packer, pieces).walk(fetched)) walked.push([packer.length, next])
      }
      assert.deepEqual(walked, [[10, 10]])
      release()
    }
  })

  it('says which versions of a request are there when none of ours is', () => {
    assert.throws(() => session.choose({ name: 'Fetch', key: 1, from: 90, to: 99 }), {
      code: 'broker-refused',
      message: /knows Fetch in versions 4 to \d+, and versions 90 to 99 are spoken here/,
    })
  })
})
