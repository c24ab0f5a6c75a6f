import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Broker, Transactions } from '../../src/broker/broker.ts'
import { type ErrorCode, WindsockError } from '../../src/foundation/errors.ts'
import type { PackedOutgoing } from '../../src/model/packed-records.ts'
import type { Topic } from '../../src/topics/topic.ts'
import { createRandom } from '../support/random.ts'

export interface TransactionsUnderTest {
  readonly broker: Broker
  /** The values that a reader of committed records finds in a topic, by partition. */
  readonly readCommitted: (topic: string) => Promise<string[][]>
  readonly close: () => Promise<void>
}

/** A broker looks every 10 s for transactions whose time is over. */
const patienceMs = 30_000

/** What transactions promise, run against each broker. */
export function describeTransactions(name: string, open: () => Promise<TransactionsUnderTest>): void {
  describe(`transactions, ${name}`, () => {
    let test: TransactionsUnderTest
    let made = 0
    before(async () => {
      test = await open()
    })
    after(() => test.close())

    const makeTopic = async (partitions = 1): Promise<string> => {
      const topic: Topic = { name: `transactions-${++made}`, partitions, cleanup: 'delete', retentionMs: -1 }
      await test.broker.admin.ensureTopics([topic])
      return topic.name
    }
    const openOwner = async (id: string, timeoutMs = 60_000): Promise<Transactions> => {
      const owner = test.broker.openTransactions(id, { timeoutMs })
      await owner.open()
      return owner
    }
    /** Reads until it is so: a commit is certain a little before all readers see it, as the markers are written behind it. */
    const expectCommitted = async (
      topic: string,
      expected: string[][] | ((found: string[][]) => boolean),
    ): Promise<string[][]> => {
      const isSo = typeof expected === 'function' ? expected : (found: string[][]) => isDeepStrictEqual(found, expected)
      const endMs = performance.now() + patienceMs
      for (;;) {
        const found = await test.readCommitted(topic)
        if (isSo(found)) return found
        if (performance.now() < endMs) continue
        assert.deepEqual(found, expected)
        return found
      }
    }
    const readUncommitted = async (topic: string): Promise<string[]> => {
      const { partitions } = await test.broker.admin.describeTopic(topic)
      const until = new Map(partitions.map(({ partition, end }) => [partition, end]))
      const reader = test.broker.openReader({ topic, start: 'earliest', until, signal: AbortSignal.timeout(20_000) })
      const values: string[] = []
      for await (const { records } of reader) {
        values.push(...records.map(({ value }) => Buffer.from(value ?? []).toString()))
      }
      await reader.close()
      return values
    }

    it('show all of a transaction once it is committed, and before that only to readers of uncommitted records', async () => {
      const [one, two] = [await makeTopic(2), await makeTopic()]
      const owner = await openOwner('shown')
      await Promise.all([
        owner.send(one, [
          { key: 'k', value: 'a', partition: 0 },
          { key: 'k', value: 'b', partition: 1 },
          { key: 'k', value: 'c', partition: 0 },
        ]),
        send(owner, two, 'd'),
      ])
      await send(owner, two, 'e')
      assert.deepEqual((await readUncommitted(one)).toSorted(), ['a', 'b', 'c'])
      assert.deepEqual(await readUncommitted(two), ['d', 'e'])
      await expectCommitted(two, [[]])
      await owner.commit()
      await expectCommitted(one, [['a', 'c'], ['b']])
      await expectCommitted(two, [['d', 'e']])
      await owner.close()
    })

    it('show nothing of what is aborted, also when it lies between what is committed', async () => {
      const topic = await makeTopic()
      const owner = await openOwner('aborted')
      const publisher = test.broker.openPublisher('aborted')
      for (const [value, outcome] of [
        ['1', 'commit'],
        ['2', 'abort'],
        ['3', 'abort'],
        ['4', 'commit'],
        ['5', 'abort'],
      ] as const) {
        await send(owner, topic, `${value}a`, `${value}b`)
        await publisher.send(topic, [{ key: 'k', value: `outside ${value}` }])
        await owner[outcome]()
      }
      assert.equal((await readUncommitted(topic)).length, 15)
      await expectCommitted(topic, [
        ['1a', '1b', 'outside 1', 'outside 2', 'outside 3', '4a', '4b', 'outside 4', 'outside 5'],
      ])
      await owner.close()
      await publisher.close()
    })

    it('take calls that overlap in their order', async () => {
      const topic = await makeTopic()
      const owner = test.broker.openTransactions('overlapping')
      const calls: Promise<void>[] = [owner.open()]
      for (let i = 0; i < 30; i++) {
        calls.push(send(owner, topic, `${i}a`), send(owner, topic, `${i}b`))
        calls.push(i % 3 === 1 ? owner.abort() : owner.commit())
      }
      await Promise.all(calls)
      const expected = Array.from({ length: 30 }, (_, i) => (i % 3 === 1 ? [] : [`${i}a`, `${i}b`])).flat()
      await expectCommitted(topic, [expected])
      await owner.close()
    })

    it('keep the order of the calls in every partition, whichever of them each transaction writes to', async (t) => {
      const random = createRandom()
      t.diagnostic(`WINDSOCK_SEED=${random.seed}`)
      const topics = [await makeTopic(2), await makeTopic(2)]
      const owner = test.broker.openTransactions('all over')
      const calls: Promise<void>[] = [owner.open()]
      const expected = topics.map((): string[][] => [[], []])
      for (let i = 0; i < 150; i++) {
        const isCommitted = random.below(6) > 0
        for (let sends = random.below(5); sends > 0; sends--) {
          const [topic, partition] = [random.below(2), random.below(2)]
          const value = `${i} `.repeat(random.below(random.below(4) === 0 ? 20_000 : 20) + 1)
          calls.push(owner.send(topics[topic] ?? '', [{ key: 'k', value, partition }]))
          if (isCommitted) expected[topic]?.[partition]?.push(value)
        }
        calls.push(isCommitted ? owner.commit() : owner.abort())
        if (random.below(10) === 0) await Promise.all(calls.splice(0))
      }
      await Promise.all(calls)
      for (const [order, topic] of topics.entries()) await expectCommitted(topic, expected[order] ?? [])
      await owner.close()
    })

    it('take packed records whose memory is used again as soon as the call has returned', async () => {
      const topic = await makeTopic(2)
      const owner = test.broker.openTransactions('packed')
      const calls: Promise<void>[] = [owner.open()]
      const bytes = Buffer.alloc(4_000)
      const expected: string[][] = [[], []]
      for (let i = 0; i < 40; i++) {
        const partitions = Uint32Array.from([0, 0, 1, 0])
        const spans = new Uint32Array(16)
        partitions.forEach((partition, nth) => {
          const value = `${i}/${nth} `.repeat(i)
          const key = `key ${i}`
          const at = 1_000 * nth + i
          bytes.write(key, at)
          bytes.write(value, at + 30)
          spans.set([at, at + key.length, at + 30, at + 30 + value.length], 4 * nth)
          expected[partition]?.push(value)
        })
        calls.push(owner.sendPacked(topic, { length: 4, bytes, spans, partitions }))
        calls.push(send(owner, topic, `between ${i}`))
        expected[0]?.push(`between ${i}`)
        bytes.fill(0)
        spans.fill(0)
        if (i % 3 === 0) calls.push(owner.commit())
      }
      calls.push(owner.commit())
      await Promise.all(calls)
      await expectCommitted(topic, expected)
      await owner.close()
    })

    it('commit and abort nothing without a complaint', async () => {
      const owner = await openOwner('nothing')
      await owner.commit()
      await owner.abort()
      await owner.send(await makeTopic(), [])
      await owner.commit()
      await owner.close()
    })

    it('take no record before they are opened', async () => {
      const topic = await makeTopic()
      const owner = test.broker.openTransactions('early')
      await assert.rejects(send(owner, topic, 'early'), { code: 'usage' })
      await owner.open()
      await send(owner, topic, 'later')
      await owner.commit()
      await expectCommitted(topic, [['later']])
      await owner.close()
    })

    it('belong to who opened them last: the one before is refused whatever it was doing', async () => {
      const topic = await makeTopic()
      const moments: [string, (owner: Transactions) => Promise<void>][] = [
        ['opened', async () => {}],
        ['sent', (owner) => send(owner, topic, 'zombie 1')],
        ['committed', (owner) => send(owner, topic, 'kept').then(() => owner.commit())],
      ]
      for (const [moment, reach] of moments) {
        const first = await openOwner(`taken ${moment}`)
        await reach(first)
        const second = await openOwner(`taken ${moment}`)
        await assert.rejects(
          send(first, topic, 'zombie 2').then(() => first.commit()),
          { code: 'fenced' },
          moment,
        )
        await assert.rejects(first.abort(), { code: 'fenced' })
        await assert.rejects(send(first, topic, 'zombie 3'), { code: 'fenced' })
        await send(second, topic, moment)
        await second.commit()
        await first.close()
        await second.close()
      }
      await expectCommitted(topic, [['opened', 'sent', 'kept', 'committed']])
    })

    it('refuse the commit of an owner that was followed with its records sent', async () => {
      const topic = await makeTopic()
      const first = await openOwner('commit refused')
      await send(first, topic, 'zombie')
      const second = await openOwner('commit refused')
      await assert.rejects(first.commit(), { code: 'fenced' })
      await send(second, topic, 'mine')
      await second.commit()
      await expectCommitted(topic, [['mine']])
      await first.close()
      await second.close()
    })

    it('abort what an owner leaves behind when it closes, without waiting for its successor', async () => {
      const topic = await makeTopic()
      const first = await openOwner('closed')
      await send(first, topic, 'left behind')
      await first.close()
      await assert.rejects(first.commit(), { code: 'broker-unreachable' })
      const publisher = test.broker.openPublisher('closed')
      await publisher.send(topic, [{ key: 'k', value: 'behind it' }])
      await expectCommitted(topic, [['behind it']])
      await publisher.close()
    })

    it('commit nothing of a transaction of which a record was refused, and go on after its abort', async () => {
      const topic = await makeTopic()
      const owner = await openOwner('refused')
      await send(owner, topic, 'before')
      await assert.rejects(send(owner, topic, 'x'.repeat(2_000_000)), { code: 'record-too-large' })
      await assert.rejects(owner.commit(), { code: 'record-too-large' })
      await owner.abort()
      await send(owner, topic, 'after')
      await owner.commit()
      await expectCommitted(topic, [['after']])
      await owner.close()
    })

    it('commit nothing of a transaction of which a record had nowhere to go', async () => {
      const topic = await makeTopic()
      const owner = await openOwner('nowhere')
      const nowhere: readonly [string, ErrorCode, () => Promise<void>][] = [
        ['no topic', 'topic-missing', () => send(owner, 'transactions-none', 'x')],
        ['no partition', 'broker-refused', () => owner.send(topic, [{ key: 'k', value: 'x', partition: 7 }])],
        ['no partition, packed', 'broker-refused', () => owner.sendPacked(topic, packedInto(7))],
      ]
      for (const [what, code, sendNowhere] of nowhere) {
        await send(owner, topic, what)
        const calls = await Promise.allSettled([
          sendNowhere(),
          owner.commit(),
          send(owner, topic, `behind ${what}`).catch(() => {}),
          owner.commit(),
        ])
        const codes = calls.map((call) => (call.status === 'rejected' ? call.reason.code : ''))
        assert.deepEqual(codes, [code, code, '', code], what)
        await owner.abort()
      }
      await send(owner, topic, 'after')
      await owner.commit()
      await expectCommitted(topic, [['after']])
      await owner.close()
    })

    it('take calls in their order, whatever the one before comes to', async () => {
      const topic = await makeTopic()
      const owner = await openOwner('in order')
      const nowhere = (): Promise<void> => owner.send(topic, [{ key: 'k', value: 'x', partition: 7 }])
      const calls = [
        send(owner, topic, 'first'),
        owner.commit(),
        nowhere(),
        owner.commit(),
        owner.abort(),
        send(owner, topic, 'second'),
        owner.commit(),
      ]
      const found = (await Promise.allSettled(calls)).map(({ status }) => status)
      const [yes, no] = ['fulfilled', 'rejected']
      assert.deepEqual(found, [yes, yes, no, no, yes, yes, yes])
      await expectCommitted(topic, [['first', 'second']])
      await owner.close()
    })

    it('are lost when they last too long, and can be opened again', { timeout: 60_000 }, async () => {
      const topic = await makeTopic()
      const owner = await openOwner('too long', 1_000)
      await send(owner, topic, 'too late')
      // What lies behind a transaction is readable once that has ended, here by the broker.
      const publisher = test.broker.openPublisher('too long')
      await publisher.send(topic, [{ key: 'k', value: 'behind it' }])
      await publisher.close()
      await expectCommitted(topic, [['behind it']])
      await assert.rejects(
        owner.commit(),
        (error) => error instanceof WindsockError && error.code === 'transaction-lost',
      )
      await owner.abort()
      await assert.rejects(send(owner, topic, 'not yet'), { code: 'transaction-lost' })
      await owner.open()
      await send(owner, topic, 'again')
      await owner.commit()
      await expectCommitted(topic, [['behind it', 'again']])
      await owner.close()
    })

    it('of different ids know nothing of each other', async () => {
      const topic = await makeTopic()
      const owners = await Promise.all(Array.from({ length: 50 }, (_, i) => openOwner(`many ${i}`)))
      await Promise.all(owners.map((owner, i) => send(owner, topic, String(i))))
      await Promise.all(owners.map((owner, i) => (i % 2 === 0 ? owner.commit() : owner.abort())))
      const [values = []] = await expectCommitted(topic, (found) => found[0]?.length === 25)
      assert.deepEqual(
        values.map(Number).toSorted((a, b) => a - b),
        Array.from({ length: 25 }, (_, i) => 2 * i),
      )
      await Promise.all(owners.map((owner) => owner.close()))
    })
  })
}

function packedInto(partition: number): PackedOutgoing {
  const spans = Uint32Array.from([0, 1, 1, 2])
  return { length: 1, bytes: Buffer.from('kx'), spans, partitions: Uint32Array.from([partition]) }
}

/** To partition 0, in the order given. */
function send(owner: Transactions, topic: string, ...values: string[]): Promise<void> {
  return owner.send(
    topic,
    values.map((value) => ({ key: 'k', value, partition: 0 })),
  )
}
