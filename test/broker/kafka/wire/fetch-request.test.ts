import assert from 'node:assert/strict'
import { it } from 'node:test'
import { fetchV12, fetchV13, fetchV14, fetchV15, fetchV16, fetchV17 } from '@platformatic/kafka'
import { encodeFetch, type FetchRequest, fetchVersions } from '../../../../src/broker/kafka/wire/fetch-request.ts'

const id = '0f8fad5b-d9cb-469f-a165-70867728950e'
const request: FetchRequest = {
  topic: { name: 'flights', id },
  partitions: [
    { partition: 0, offset: 5, leaderEpoch: 7, lastEpoch: -1 },
    { partition: 300, offset: 2 ** 40, leaderEpoch: -1, lastEpoch: 6 },
    ...Array.from({ length: 200 }, (_, i) => ({ partition: 301 + i, offset: i, leaderEpoch: 1, lastEpoch: 1 })),
  ],
  isCommitted: true,
  waitMs: 500,
  answerBytesMax: 8_000_000,
  partitionBytesMax: 2_000_000,
}

it('asks as the library does, in every version', () => {
  const codecs = { 12: fetchV12, 13: fetchV13, 14: fetchV14, 15: fetchV15, 16: fetchV16, 17: fetchV17 }
  for (const [version, codec] of Object.entries(codecs)) {
    const partitions = request.partitions.map(({ partition, offset, leaderEpoch, lastEpoch }) => ({
      partition,
      currentLeaderEpoch: leaderEpoch,
      fetchOffset: BigInt(offset),
      lastFetchedEpoch: lastEpoch,
      partitionMaxBytes: request.partitionBytesMax,
    }))
    // Before version 13 the library takes the name for the id.
    const topicId = version === '12' ? 'flights' : id
    const theirs = codec.createRequest(500, 1, 8_000_000, 1, 0, -1, [{ topicId, partitions }], [], '')
    const api = { name: 'Fetch', key: 1, version: Number(version), isFlexible: true }
    assert.equal(encodeFetch(api, request).toString('hex'), theirs.buffer.toString('hex'), `version ${version}`)
  }
  assert.deepEqual(Object.keys(codecs).map(Number), [12, 13, 14, 15, 16, fetchVersions.to])
})
