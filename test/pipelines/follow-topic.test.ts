import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Broker } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import { followTopic, objectOf } from '../../src/pipelines/follow-topic.ts'
import type { Topic } from '../../src/topics/topic.ts'
import { HandClock, settle } from './hand-clock.ts'
import { intercept } from './intercepted-broker.ts'
import { sendTo } from './topic-records.ts'

const topic: Topic = { name: 'followed', partitions: 2, cleanup: 'delete', retentionMs: -1 }

class Follower {
  readonly clock = new HandClock()
  readonly abort = new AbortController()
  readonly seen: string[] = []
  readonly troubles: (string | undefined)[] = []
  readonly done: Promise<void>

  constructor(broker: Broker, start: 'earliest' | 'latest' = 'earliest') {
    this.done = followTopic({
      broker,
      topic: topic.name,
      start,
      clock: this.clock,
      signal: this.abort.signal,
      onRecord: ({ value }, partition) => this.seen.push(`${partition}: ${Buffer.from(value ?? []).toString()}`),
      onReset: () => this.seen.push('reset'),
      onTrouble: (reason) => this.troubles.push(reason),
    })
  }

  async end(): Promise<void> {
    this.abort.abort()
    await this.done
  }
}

const put = (broker: Broker, value: string, partition = 0): Promise<void> =>
  sendTo(broker, topic.name, { key: 'k', value, partition })

describe('following a topic', () => {
  it('tells every record with its partition, the old ones and those that arrive, until the signal aborts', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([topic])
    await put(broker, 'old', 1)
    const follower = new Follower(broker)
    await settle()
    await put(broker, 'new')
    await settle()
    assert.deepEqual(follower.seen, ['1: old', '0: new'])
    await follower.end()
    await put(broker, 'late')
    await settle()
    assert.deepEqual(follower.seen, ['1: old', '0: new'])
  })

  it('tells only what arrives, where it starts at the latest', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([topic])
    await put(broker, 'old')
    const follower = new Follower(broker, 'latest')
    await settle()
    await put(broker, 'new')
    await follower.clock.advance(1_000)
    assert.deepEqual(follower.seen, ['0: new'])
    await follower.end()
  })

  it('waits for a topic that is not there yet, and then misses nothing of it, wherever it was to start', async () => {
    for (const start of ['earliest', 'latest'] as const) {
      const broker = createMemoryBroker()
      const follower = new Follower(broker, start)
      await follower.clock.advance(60_000)
      await broker.admin.ensureTopics([topic])
      await put(broker, 'first')
      await follower.clock.advance(500)
      assert.deepEqual(follower.seen, ['0: first'])
      await follower.end()
    }
  })

  it('says once that what it has told is void when the topic is made anew, and begins again', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([topic])
    const follower = new Follower(broker, 'latest')
    await settle()
    await put(broker, 'former')
    await settle()
    await broker.admin.deleteTopics([topic.name])
    await follower.clock.advance(5_000)
    await broker.admin.ensureTopics([topic])
    await put(broker, 'anew')
    await follower.clock.advance(5_000)
    assert.deepEqual(follower.seen, ['0: former', 'reset', '0: anew'])
    await follower.end()
  })

  it('notices a topic that was deleted and made anew in one go', async () => {
    const broker = createMemoryBroker()
    await broker.admin.ensureTopics([topic])
    const follower = new Follower(broker)
    await put(broker, 'former')
    await settle()
    await broker.admin.deleteTopics([topic.name])
    await broker.admin.ensureTopics([topic])
    await put(broker, 'anew')
    await follower.clock.advance(500)
    assert.deepEqual(follower.seen, ['0: former', 'reset', '0: anew'])
    await follower.end()
  })

  it('ends at once when the signal aborts while it waits for its topic', async () => {
    const follower = new Follower(createMemoryBroker())
    await settle()
    await follower.end()
    assert.deepEqual(follower.seen, [])
  })

  it('passes on what the reader says of the broker, and fails with what no waiting mends', async () => {
    const denied = new WindsockError('not-authorized', 'no')
    const broker = intercept(createMemoryBroker(), {
      onRead(options) {
        options.onTrouble?.('away')
        options.onTrouble?.(undefined)
        throw denied
      },
    })
    const follower = new Follower(broker)
    await assert.rejects(follower.done, denied)
    assert.deepEqual(follower.troubles, ['away', undefined])
  })
})

function valueOf(value: string | null): unknown {
  const bytes = value === null ? null : Buffer.from(value)
  return objectOf({ offset: 0, timestamp: 0, key: null, headers: new Map(), value: bytes })
}

describe('the object in a record', () => {
  it('is its JSON', () => {
    assert.deepEqual(valueOf('{"a":1}'), { a: 1 })
  })

  it('is undefined for anything else', () => {
    for (const value of [null, '', '{', '7', '"a"', 'null', '[{}]']) assert.equal(valueOf(value), undefined)
  })
})
