import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Batch, Reader, ReadOptions } from '../../src/broker/broker.ts'
import type { PackedRecords, RecordMemory } from '../../src/model/packed-records.ts'
import type { Topic } from '../../src/topics/topic.ts'
import { until } from '../support/until.ts'
import { type OpenBroker, openForSuite } from './opened-broker.ts'

/** What every reader does beyond giving back what was sent, run against each opened.broker. */
export function describeReading(name: string, open: OpenBroker): void {
  describe(`the reading contract, ${name}`, () => {
    const opened = openForSuite('reading', open)

    /** A topic with so many records in each partition: `partition/0`, `partition/1` … */
    const makeTopic = async (partitions: number, records: number): Promise<Topic> => {
      const topic = await opened.makeTopic(partitions)
      await send(topic, 0, records)
      return topic
    }
    const send = async (topic: Topic, from: number, to: number): Promise<void> => {
      const publisher = opened.broker.openPublisher('reading')
      const indexes = Array.from({ length: to - from }, (_, i) => from + i)
      for (let partition = 0; partition < topic.partitions; partition++) {
        await publisher.send(
          topic.name,
          indexes.map((i) => ({ key: 'k', value: `${partition}/${i}`, partition })),
        )
      }
      await publisher.close()
    }
    const openReader = (topic: Topic, options: Partial<ReadOptions> = {}): Reader =>
      opened.broker.openReader({
        topic: topic.name,
        start: 'earliest',
        signal: AbortSignal.timeout(30_000),
        ...options,
      })

    it('has the same records packed as in objects', async () => {
      const topic = await makeTopic(1, 0)
      const publisher = opened.broker.openPublisher('reading')
      await publisher.send(topic.name, [
        { key: 'a', value: 'one', headers: { h: 'x' } },
        { key: '', value: '' },
        { key: 'c', value: null },
        { key: 'd', value: 'ö'.repeat(500) },
      ])
      await publisher.close()
      const reader = openReader(topic, { until: new Map([[0, 4]]) })
      let seen = 0
      for await (const { packed, records } of reader) {
        assert.equal(packed.length, records.length)
        for (const [i, record] of records.entries()) {
          assert.equal(packed.offsets[i], record.offset)
          assert.equal(packed.timestamps[i], record.timestamp)
          assert.deepEqual(fieldOf(packed, i, 0), textOf(record.key))
          assert.deepEqual(fieldOf(packed, i, 2), textOf(record.value))
          seen++
        }
      }
      await reader.close()
      assert.equal(seen, 4)
    })

    it('puts records into the memory it is given while that has room, and gives every piece back', async () => {
      const topic = await makeTopic(2, 200)
      for (const room of [0, 1, Infinity]) {
        const memory = new CountedMemory(room)
        const reader = openReader(topic, { until: endsOf(topic, 200), memory })
        let inMemory = 0
        let others = 0
        for await (const { packed } of reader) {
          if (memory.given.has(packed.bytes)) inMemory += packed.length
          else others += packed.length
        }
        await reader.close()
        assert.equal(memory.given.size, 0, 'every piece was given back')
        assert.equal(inMemory + others, 400)
        if (room === 0) assert.equal(inMemory, 0)
        if (room === Infinity) assert.equal(others, 0)
      }
    })

    it('starts at a time', async () => {
      const topic = await makeTopic(1, 10)
      await new Promise((resolve) => setTimeout(resolve, 20))
      const timestamp = Date.now()
      await new Promise((resolve) => setTimeout(resolve, 20))
      await send(topic, 10, 20)
      const reader = openReader(topic, { start: { timestamp } })
      assert.deepEqual(await readSome(reader, 10), numbersFrom(0, 10, 20))
      await reader.close()
      const late = openReader(topic, { start: { timestamp: Date.now() + 60_000 } })
      const seen: string[] = []
      const reading = readSome(late, Infinity, ({ packed }) => seen.push(...valuesIn(packed)))
      const isEnd = assert.rejects(reading, /read \d+ of Infinity/)
      // Where the end is, it finds out by itself; from there on it has to read everything.
      let next = 20
      await until('it to read', async () => {
        await send(topic, next, ++next)
        return seen.length > 0
      })
      await send(topic, next, next + 5)
      await until('it to read on', () => seen.at(-1) === `0/${next + 4}`)
      await late.close()
      await isEnd
      const first = Number(seen[0]?.slice(2))
      assert.ok(first >= 20, `it begins at ${first}`)
      assert.deepEqual(seen, numbersFrom(0, first, next + 5))
    })

    it('hands out nothing of a paused partition, and all of it after it is resumed', async () => {
      const topic = await makeTopic(3, 500)
      const reader = openReader(topic)
      const seen: string[] = []
      let isPaused = false
      for await (const { partition, packed } of reader) {
        assert.ok(!(isPaused && partition === 1), 'a batch of a paused partition came')
        seen.push(...valuesIn(packed))
        const others = seen.filter((value) => !value.startsWith('1/')).length
        if (seen.length === 1_500) break
        if (others < 1_000) {
          // Now and then, with what was fetched already in hand.
          isPaused = true
          reader.pause([1])
          reader.pause([1, 99])
        } else if (isPaused) {
          isPaused = false
          reader.resume([1, 99])
        }
      }
      await reader.close()
      for (const partition of [0, 1, 2]) {
        const mine = seen.filter((value) => value.startsWith(`${partition}/`))
        assert.deepEqual(mine, numbersFrom(partition, 0, 500))
      }
    })

    it('waits while all partitions are paused, and goes on when one is resumed', async () => {
      const topic = await makeTopic(2, 100)
      const reader = openReader(topic, { until: endsOf(topic, 100) })
      const seen: string[] = []
      let resumed = 0
      for await (const { partition, packed } of reader) {
        seen.push(...valuesIn(packed))
        reader.pause([0, 1])
        setTimeout(() => {
          resumed++
          reader.resume([0, 1])
        }, 50)
        assert.ok(partition < 2)
      }
      await reader.close()
      assert.deepEqual(seen.toSorted(), [...numbersFrom(0, 0, 100), ...numbersFrom(1, 0, 100)].toSorted())
      assert.ok(resumed > 0)
    })

    it('goes on where it is moved to, with nothing of what was fetched before', async () => {
      const topic = await makeTopic(1, 100)
      const reader = openReader(topic)
      const moves = [50, 0, 99, 20]
      const seen: string[][] = []
      for await (const { packed } of reader) {
        seen.push(valuesIn(packed))
        const to = moves.shift()
        if (to === undefined) break
        reader.seek(new Map([[0, to]]))
      }
      await reader.close()
      assert.deepEqual(
        seen.map(([first]) => first),
        ['0/0', '0/50', '0/0', '0/99', '0/20'],
      )
      assert.throws(() => reader.seek(new Map([[7, 0]])), { code: 'usage' })
    })

    it('says position-lost when it is moved to where the log holds nothing', async () => {
      const topic = await makeTopic(1, 10)
      const reader = openReader(topic)
      await assert.rejects(
        readSome(reader, 1_000, () => reader.seek(new Map([[0, 4_711]]))),
        { code: 'position-lost' },
      )
      await reader.close()
    })

    it('reads what is assigned to it, from where it is told, until it is released', async () => {
      const topic = await makeTopic(4, 50)
      const reader = openReader(topic, { start: new Map(), partitions: 'assigned' })
      const seen: string[] = []
      const reading = (async () => {
        for await (const { packed, partition } of reader) {
          seen.push(...valuesIn(packed))
          if (partition === 2 && seen.includes('2/49')) {
            reader.release([2])
            reader.assign(new Map([[3, 45]]))
          }
          if (seen.includes('3/49')) break
        }
      })()
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.deepEqual(seen, [])
      reader.assign(new Map([[2, 40]]))
      await reading
      await send(topic, 50, 60)
      reader.assign(new Map([[2, 58]]))
      reader.release([3])
      assert.deepEqual(await readSome(reader, 2), numbersFrom(2, 58, 60))
      await reader.close()
      assert.deepEqual(seen, [...numbersFrom(2, 40, 50), ...numbersFrom(3, 45, 50)])
    })

    it('reads all of many partitions', async () => {
      const topic = await makeTopic(100, 3)
      const seen = await readSome(openReader(topic, { until: endsOf(topic, 3) }), 300)
      const sent = Array.from({ length: 100 }, (_, partition) => numbersFrom(partition, 0, 3)).flat()
      assert.deepEqual(seen.toSorted(), sent.toSorted())
    })

    it('wants offsets for assigned partitions', () => {
      const options = { topic: 't', partitions: 'assigned', start: 'earliest', signal: AbortSignal.abort() } as const
      assert.throws(() => opened.broker.openReader(options), { code: 'usage' })
    })

    it('goes on where it was left when it is iterated again', async () => {
      const topic = await makeTopic(1, 5_000)
      const reader = openReader(topic, { fetchBytesMax: 20_000 })
      const seen: string[] = []
      while (seen.length < 5_000) {
        for await (const { packed } of reader) {
          seen.push(...valuesIn(packed))
          break
        }
      }
      await reader.close()
      assert.deepEqual(seen, numbersFrom(0, 0, 5_000))
    })

    it('reads a record that is larger than its budget', async () => {
      const topic = await makeTopic(2, 3)
      const publisher = opened.broker.openPublisher('reading')
      for (const partition of [0, 1]) {
        await publisher.send(topic.name, [{ key: 'k', value: `large ${'x'.repeat(900_000)}`, partition }])
      }
      await publisher.close()
      await send(topic, 3, 6)
      const reader = openReader(topic, { fetchBytesMax: 5_000 })
      const seen = await readSome(reader, 14)
      await reader.close()
      const mine = (partition: number): string[] => seen.filter((value) => value.startsWith(`${partition}/`))
      for (const partition of [0, 1]) assert.deepEqual(mine(partition), numbersFrom(partition, 0, 6))
      assert.equal(seen.filter((value) => value.length === 900_006).length, 2)
    })

    it('says topic-missing when its topic is deleted under it, and position-lost when it is made anew', async () => {
      const topic = await makeTopic(2, 10)
      const reader = openReader(topic)
      let seen = 0
      const reading = readSome(reader, 1_000, ({ packed }) => (seen += packed.length))
      reading.catch(() => {}) // judged below
      await until('it to have read everything', () => seen === 20)
      await Promise.all([
        assert.rejects(reading, { code: 'topic-missing' }),
        opened.broker.admin.deleteTopics([topic.name]),
      ])
      await opened.broker.admin.ensureTopics([topic])
      await send(topic, 0, 10)
      await assert.rejects(readSome(reader, 1_000), { code: 'position-lost' })
      await reader.close()
    })

    it('reads committed records where no transaction is open', async () => {
      const topic = await makeTopic(2, 100)
      const reader = openReader(topic, { isolation: 'committed', until: endsOf(topic, 100) })
      let count = 0
      for await (const { packed, end } of reader) {
        count += packed.length
        assert.equal(end, 100)
      }
      await reader.close()
      assert.equal(count, 200)
    })
  })
}

function endsOf(topic: Topic, end: number): Map<number, number> {
  return new Map(Array.from({ length: topic.partitions }, (_, partition) => [partition, end]))
}

/** Memory that is counted: so many pieces at a time. */
class CountedMemory implements RecordMemory {
  readonly given = new Set<Uint8Array>()
  private readonly room: number

  constructor(room: number) {
    this.room = room
  }

  take(bytes: number): Uint8Array | undefined {
    if (this.given.size >= this.room) return undefined
    const piece = new Uint8Array(bytes + 7)
    this.given.add(piece)
    return piece
  }

  giveBack(piece: Uint8Array): void {
    assert.ok(this.given.delete(piece), 'a piece came back that was not out')
  }
}

function valuesIn(packed: PackedRecords): string[] {
  return Array.from({ length: packed.length }, (_, i) => fieldOf(packed, i, 2) ?? '')
}

/** @param which 0 is the key, 2 the value */
function fieldOf({ bytes, spans }: PackedRecords, index: number, which: 0 | 2): string | null {
  const from = spans[4 * index + which] ?? -1
  const to = spans[4 * index + which + 1] ?? -1
  return from === -1 ? null : Buffer.from(bytes.subarray(from, to)).toString()
}

function textOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString()
}

/** Reads until so many records are there, and gives their values in the order in which they came. */
async function readSome(reader: Reader, count: number, onBatch?: (batch: Batch) => unknown): Promise<string[]> {
  const values: string[] = []
  for await (const batch of reader) {
    values.push(...valuesIn(batch.packed))
    onBatch?.(batch)
    if (values.length >= count) break
  }
  assert.ok(values.length >= count, `read ${values.length} of ${count} records`)
  return values
}

function numbersFrom(partition: number, from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `${partition}/${from + i}`)
}
