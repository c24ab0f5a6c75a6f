import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Batch, OutgoingRecord, ReadOptions } from '../../src/broker/broker.ts'
import { partitionOf } from '../../src/model/partition.ts'
import type { Topic } from '../../src/topics/topic.ts'
import { until } from '../support/until.ts'
import { type OpenBroker, openForSuite } from './opened-broker.ts'

/** What every broker does, run against each of them. */
export function describeBroker(name: string, open: OpenBroker): void {
  describe(`the broker contract, ${name}`, () => {
    const opened = openForSuite('contract', open)

    const makeTopic = (partitions = 4): Promise<Topic> => opened.makeTopic(partitions)
    const send = async (topic: Topic, records: readonly OutgoingRecord[]): Promise<void> => {
      const publisher = opened.broker.openPublisher('contract')
      await publisher.send(topic.name, records)
      await publisher.close()
    }
    const ends = async (topic: Topic): Promise<Map<number, number>> => {
      const { partitions } = await opened.broker.admin.describeTopic(topic.name)
      return new Map(partitions.map(({ partition, end }) => [partition, end]))
    }
    const readAll = async (
      topic: Topic,
      options: Partial<ReadOptions> = {},
    ): Promise<Pick<Batch, 'partition' | 'records' | 'next' | 'end'>[]> => {
      const signal = AbortSignal.timeout(20_000)
      const reader = opened.broker.openReader({
        topic: topic.name,
        start: 'earliest',
        until: await ends(topic),
        signal,
        ...options,
      })
      const batches: Pick<Batch, 'partition' | 'records' | 'next' | 'end'>[] = []
      for await (const { partition, records, next, end } of reader) batches.push({ partition, records, next, end })
      await reader.close()
      assert.equal(signal.aborted, false, 'reading did not end within 20 s')
      return batches
    }
    /** Commits as the only member of a group, which it leaves again. */
    const commit = async (group: string, { name: topic }: Topic, positions: Map<number, number>): Promise<void> => {
      const over = new AbortController()
      const gained = Promise.withResolvers<number>()
      const membership = opened.broker.joinGroup({
        group,
        topic,
        onGained: async (_partitions, generation) => gained.resolve(generation),
        onReleased: async () => {},
        onLost: () => {},
        signal: over.signal,
      })
      assert.deepEqual(await membership.commit(positions, await gained.promise), [...positions.keys()])
      over.abort()
      await membership.done
    }
    it('gives back what was sent: key, value, headers and time, in order within a key', async () => {
      const topic = await makeTopic()
      const sentAt = Date.now()
      const sent = Array.from({ length: 300 }, (_, i) => ({
        key: `key ${i % 7}`,
        value: `value ${i} é`,
        headers: { row: String(i) },
      }))
      await send(topic, sent)
      const batches = await readAll(topic)
      const records = batches.flatMap((batch) =>
        batch.records.map((record) => ({ ...record, partition: batch.partition })),
      )
      assert.equal(records.length, 300)
      for (const key of new Set(sent.map((record) => record.key))) {
        const mine = records.filter((record) => textOf(record.key) === key)
        assert.deepEqual(
          mine.map((record) => textOf(record.value)),
          sent.filter((record) => record.key === key).map((record) => record.value),
        )
        assert.ok(mine.every((record) => record.partition === partitionOf(key, topic.partitions)))
      }
      assert.ok(records.every(({ timestamp }) => Math.abs(timestamp - sentAt) < 60_000))
      assert.ok(records.every(({ headers, value }) => textOf(value)?.startsWith(`value ${headers.get('row')} `)))
    })

    it('sends to the partition that was asked for, and null as null', async () => {
      const topic = await makeTopic()
      await send(topic, [
        { key: 'a', value: null, partition: 3 },
        { key: 'a', value: '', partition: 2 },
      ])
      const found = (await readAll(topic)).map(({ partition, records }) => [
        partition,
        textOf(records[0]?.value ?? null),
      ])
      assert.deepEqual(
        found.toSorted((a, b) => Number(a[0]) - Number(b[0])),
        [
          [2, ''],
          [3, null],
        ],
      )
    })

    it('starts where it is told to, and ends where it is told to', async () => {
      const topic = await makeTopic(1)
      await send(
        topic,
        Array.from({ length: 50 }, (_, i) => ({ key: 'k', value: String(i) })),
      )
      const batches = await readAll(topic, { start: new Map([[0, 17]]), until: new Map([[0, 23]]) })
      assert.deepEqual(
        batches.flatMap(({ records }) => records.map(({ value }) => textOf(value))),
        ['17', '18', '19', '20', '21', '22'],
      )
      assert.equal(batches.at(-1)?.next, 23)
      assert.equal(batches.at(-1)?.end, 50)
    })

    it('ends at once where there is nothing to read', async () => {
      assert.deepEqual(await readAll(await makeTopic()), [])
    })

    it('starts at what the group committed, else at the earliest record', async () => {
      const topic = await makeTopic(1)
      const group = `group-${topic.name}`
      await send(
        topic,
        Array.from({ length: 10 }, (_, i) => ({ key: 'k', value: String(i) })),
      )
      const first = await readAll(topic, { start: 'committed', group })
      assert.equal(first.flatMap(({ records }) => records).length, 10)
      await commit(group, topic, new Map([[0, 4]]))
      assert.deepEqual(await opened.broker.admin.committed(group, topic.name), new Map([[0, 4]]))
      const second = await readAll(topic, { start: 'committed', group })
      assert.equal(second[0]?.records[0]?.offset, 4)
    })

    it('never commits by itself', async () => {
      const topic = await makeTopic(1)
      await send(topic, [{ key: 'k', value: 'v' }])
      await readAll(topic, { start: 'committed', group: `idle-${topic.name}` })
      assert.equal((await opened.broker.admin.committed(`idle-${topic.name}`, topic.name)).size, 0)
    })

    it('reads on as records arrive, from the latest on, until the signal aborts', async () => {
      const topic = await makeTopic(2)
      await send(topic, [{ key: 'old', value: 'old' }])
      const abort = new AbortController()
      const reader = opened.broker.openReader({ topic: topic.name, start: 'latest', signal: abort.signal })
      const seen: (string | null)[] = []
      const reading = (async () => {
        for await (const batch of reader) {
          seen.push(...batch.records.map(({ value }) => textOf(value)))
          if (seen.filter(isNew).length >= 20) abort.abort()
        }
      })()
      // Where the latest is, it finds out by itself; from what it sees first on it has to see everything.
      const marks = ['mark 0', 'mark 1']
      await until('it to read both partitions', async () => {
        await send(
          topic,
          marks.map((value, partition) => ({ key: 'mark', value, partition })),
        )
        return marks.every((mark) => seen.includes(mark))
      })
      for (let i = 0; i < 20; i++) await send(topic, [{ key: `k${i}`, value: `new ${i}` }])
      await reading
      await reader.close()
      assert.equal(seen.includes('old'), false)
      const found = seen.filter(isNew)
      assert.equal(found.length, 20)
      assert.deepEqual(new Set(found), new Set(Array.from({ length: 20 }, (_, i) => `new ${i}`)))
    })

    it('says position-lost for an offset that the log does not hold', async () => {
      const topic = await makeTopic(1)
      await assert.rejects(readAll(topic, { start: new Map([[0, 99]]), until: new Map([[0, 100]]) }), {
        code: 'position-lost',
      })
    })

    it('says topic-missing for a topic that is not there', async () => {
      const missing: Topic = { name: 'nowhere', partitions: 1, cleanup: 'delete', retentionMs: -1 }
      await assert.rejects(opened.broker.admin.describeTopic('nowhere'), { code: 'topic-missing' })
      await assert.rejects(readAll(missing, { until: new Map() }), { code: 'topic-missing' })
      await assert.rejects(send(missing, [{ key: 'k', value: 'v' }]), { code: 'topic-missing' })
    })

    it('creates a topic once and refuses another number of partitions', async () => {
      const topic = await makeTopic(2)
      await opened.broker.admin.ensureTopics([topic])
      assert.ok((await opened.broker.admin.listTopics()).includes(topic.name))
      await assert.rejects(opened.broker.admin.ensureTopics([{ ...topic, partitions: 3 }]), { code: 'topic-mismatch' })
    })

    it('gives a topic that was deleted and made anew another id and an empty log', async () => {
      const topic = await makeTopic(1)
      await send(topic, [{ key: 'k', value: 'v' }])
      const { id } = await opened.broker.admin.describeTopic(topic.name)
      await opened.broker.admin.deleteTopics([topic.name, 'never-there'])
      assert.equal((await opened.broker.admin.listTopics()).includes(topic.name), false)
      await opened.broker.admin.ensureTopics([topic])
      const anew = await opened.broker.admin.describeTopic(topic.name)
      assert.notEqual(anew.id, id)
      assert.equal(anew.partitions[0]?.end, 0)
    })

    it('forgets what a deleted group committed', async () => {
      const topic = await makeTopic(1)
      const group = `gone-${topic.name}`
      await send(topic, [{ key: 'k', value: 'v' }])
      await commit(group, topic, new Map([[0, 1]]))
      assert.equal((await opened.broker.admin.committed(group, topic.name)).size, 1)
      await opened.broker.admin.deleteGroups([group, 'never-there'])
      assert.equal((await opened.broker.admin.committed(group, topic.name)).size, 0)
    })

    it('takes a megabyte and refuses more, by name', async () => {
      const topic = await makeTopic(1)
      await send(topic, [{ key: 'k', value: 'x'.repeat(1_000_000) }])
      assert.equal((await readAll(topic))[0]?.records[0]?.value?.length, 1_000_000)
      await assert.rejects(send(topic, [{ key: 'k', value: 'x'.repeat(2_000_000) }]), { code: 'record-too-large' })
    })
  })
}

function isNew(value: string | null): boolean {
  return value?.startsWith('new ') === true
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString()
}
