import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../../src/broker/broker.ts'
import { WindsockError } from '../../src/foundation/errors.ts'
import type { Topic } from '../../src/topics/topic.ts'
import { until } from '../support/until.ts'
import { WatchedMember, type WatchedOptions } from '../support/watched-member.ts'
import type { OpenBroker } from './opened-broker.ts'

/** What membership in a group is, run against every broker. */
export function describeGroup(name: string, open: OpenBroker): void {
  describe(`the group contract, ${name}`, () => {
    let broker: Broker
    let close: () => Promise<void>
    const label = Buffer.from(name).toString('hex').slice(-12)
    let made = 0
    const running: WatchedMember[] = []
    before(async () => {
      ;({ broker, close } = await open())
    })
    after(async () => {
      await Promise.all(running.map((member) => member.stop()))
      await close()
    })

    interface Place {
      readonly group: string
      readonly topic: string
      readonly spec: Topic
      readonly journal: string[]
      readonly join: (member: string, options?: WatchedOptions) => WatchedMember
    }

    const makePlace = async (partitions = 4): Promise<Place> => {
      const spec: Topic = { name: `shared-${label}-${++made}`, partitions, cleanup: 'delete', retentionMs: -1 }
      await broker.admin.ensureTopics([spec])
      const journal: string[] = []
      const place = { group: `group-${label}-${made}`, topic: spec.name }
      const join = (member: string, options?: WatchedOptions): WatchedMember => {
        const joined = new WatchedMember(broker, place, member, journal, options)
        running.push(joined)
        return joined
      }
      return { ...place, spec, journal, join }
    }

    it('gives everything to the first, and half of it to the second once it is released', async () => {
      const { join, journal } = await makePlace()
      const first = join('first')
      await has(first, 4)
      assert.equal(first.membership.isCurrent(), true)
      const second = join('second')
      await has(second, 2)
      await has(first, 2)
      assert.deepEqual(sorted([...first.partitions, ...second.partitions]), [0, 1, 2, 3])
      for (const partition of second.partitions) {
        const order = journal.filter((line) => line.endsWith(` ${partition}`))
        assert.deepEqual(order, [
          `first gained ${partition}`,
          `first releases ${partition}`,
          `first released ${partition}`,
          `second gained ${partition}`,
        ])
      }
      assert.deepEqual([first.lost, second.lost], [[], []])
    })

    it('leaves the partitions that are kept alone, and waits for one that is slow to finish', async () => {
      const { join, journal } = await makePlace(2)
      const asked: (() => void)[] = []
      const slow = join('slow', { release: () => new Promise((resolve) => asked.push(resolve)) })
      await has(slow, 2)
      const second = join('second')
      const first = await until('slow to be asked', () => asked[0], 20_000)
      await until('the second to be a member', () => second.membership.isCurrent(), 20_000)
      await delay(1_200)
      assert.equal(second.working.size, 0)
      assert.equal(slow.membership.isCurrent(), true)
      first()
      await has(second, 1)
      assert.deepEqual(slow.lost, [])
      const kept = slow.partitions[0]
      assert.deepEqual(
        journal.filter((line) => line.endsWith(` ${kept}`)),
        [`slow gained ${kept}`],
      )
      const stopped = slow.stop()
      const last = await until('slow to be asked again', () => asked[1], 20_000)
      last()
      assert.equal(await stopped, undefined)
    })

    it('hands over what was committed while releasing, and ends without an error', async () => {
      const { group, topic, join } = await makePlace()
      const first = join('first', {
        release: async (partitions, member) => {
          await member.commit(partitions.map((partition) => [partition, 100 + partition]))
        },
      })
      await has(first, 4)
      const second = join('second')
      await has(second, 2)
      assert.equal(await first.stop(), undefined)
      await has(second, 4)
      assert.equal(first.membership.isCurrent(), false)
      const expected = new Map([0, 1, 2, 3].map((partition) => [partition, 100 + partition]))
      assert.deepEqual(new Map(await broker.admin.committed(group, topic)), expected)
    })

    it('refuses positions of partitions that are not its own, and of an earlier generation', async () => {
      const { group, topic, join } = await makePlace()
      const first = join('first')
      await has(first, 4)
      const second = join('second')
      await has(second, 2)
      const [mine] = first.partitions
      const [other] = second.partitions
      assert.ok(mine !== undefined && other !== undefined)
      const both = [mine, other].map((partition) => [partition, 7] as const)
      assert.deepEqual(await first.commit(both), [mine])
      assert.deepEqual(await first.commit([[mine, 9]], first.generation - 1), [])
      assert.deepEqual(await broker.admin.committed(group, topic), new Map([[mine, 7]]))
      await first.stop()
      assert.deepEqual(await first.commit([[mine, 10]]), [])
    })

    it('gives a process that comes back under its id what it had, and fences the one before', async () => {
      const { join } = await makePlace()
      const other = join('other', { memberId: 'b' })
      await has(other, 4)
      const older = join('older', { memberId: 'a' })
      await has(older, 2)
      const had = older.partitions
      const again = join('again', { memberId: 'a' })
      await has(again, 2)
      assert.deepEqual(again.partitions, had)
      const reason = await older.ended()
      assert.ok(reason instanceof WindsockError && reason.code === 'fenced', String(reason))
      assert.deepEqual(sorted(older.lost), had)
      assert.equal(older.membership.isCurrent(), false)
      assert.deepEqual(await older.commit([[had[0] ?? 0, 5]]), [])
      assert.deepEqual([other.partitions.length, other.lost], [2, []])
    })

    it('keeps a member without partitions until one is free', async () => {
      const { join } = await makePlace(1)
      const first = join('first')
      await has(first, 1)
      const second = join('second')
      await until('the second to be a member', () => second.membership.isCurrent(), 20_000)
      await delay(600)
      assert.equal(second.working.size, 0)
      await first.stop()
      await has(second, 1)
    })

    it('ends with what a call threw, after giving its partitions to the others', async () => {
      const { join } = await makePlace(2)
      const broken = new Error('no room for the state')
      const first = join('first', { gain: () => Promise.reject(broken) })
      assert.equal(await first.ended(), broken)
      assert.deepEqual(sorted(first.released), [0, 1])
      const second = join('second')
      await has(second, 2)
    })

    it('says topic-missing where there is none, and when it goes', async () => {
      const { group, topic, join } = await makePlace()
      const lost = new WatchedMember(broker, { group: `${group}-else`, topic: 'nowhere' }, 'lost', [])
      const reason = await lost.ended()
      assert.ok(reason instanceof WindsockError && reason.code === 'topic-missing', String(reason))
      const first = join('first')
      await has(first, 4)
      await broker.admin.deleteTopics([topic])
      const end = await first.ended()
      assert.ok(end instanceof WindsockError && end.code === 'topic-missing', String(end))
      assert.deepEqual(sorted([...first.lost, ...first.released]), [0, 1, 2, 3])
    })

    it('says position-lost when the topic was deleted and made anew', async () => {
      const { topic, spec, join } = await makePlace()
      const first = join('first')
      await has(first, 4)
      await broker.admin.deleteTopics([topic])
      await broker.admin.ensureTopics([spec])
      const end = await first.ended()
      // The member may have looked between the two.
      assert.ok(end instanceof WindsockError && ['position-lost', 'topic-missing'].includes(end.code), String(end))
    })

    it('can be stopped before it has begun', async () => {
      const { join } = await makePlace()
      assert.equal(await join('first').stop(), undefined)
      const second = join('second')
      await has(second, 4)
    })
  })
}

function has(member: WatchedMember, count: number): Promise<boolean> {
  return until(`${member.name} to have ${count} partitions`, () => member.working.size === count, 20_000)
}

function sorted(partitions: readonly number[]): number[] {
  return partitions.toSorted((a, b) => a - b)
}
