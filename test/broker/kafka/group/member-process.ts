/**
 * A member of a group as a process of its own, for tests that stop and kill it. It counts: the work on a partition is to
 * raise its position by one, and what it does is appended to a journal, one line each, before anything else can happen.
 *
 *   node member-process.ts '{"brokers":["…"],"group":"…","topic":"…","journal":"FILE","memberId":"…"}'
 */
import { openSync, writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { GroupOptions } from '../../../../src/broker/broker.ts'
import { joinKafkaGroup } from '../../../../src/broker/kafka/group/join-group.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { WindsockError } from '../../../../src/foundation/errors.ts'
import type { MemberPlace } from './running-member.ts'

const place: MemberPlace = JSON.parse(process.argv[2] ?? '{}')
const journal = openSync(place.journal, 'a')
const broker = createKafkaBroker({ brokers: place.brokers })
const abort = new AbortController()
process.once('SIGTERM', () => abort.abort())

/** Who works on a partition: stopped by its release or loss. */
interface Work {
  position: number
  isWanted: boolean
  readonly generation: number
  readonly ended: Promise<void>
}
const works = new Map<number, Work>()
const begun: Promise<void>[] = []

const options: GroupOptions = {
  group: place.group,
  topic: place.topic,
  ...(place.memberId === undefined ? {} : { memberId: place.memberId }),
  signal: abort.signal,
  onGained: async (partitions, generation) => {
    const gainedAt = Date.now()
    const committed = await committedPositions()
    for (const partition of partitions) {
      if (!membership.owns(partition, generation)) continue // lost while the broker was asked
      const position = committed.get(partition) ?? 0
      note(gainedAt, 'gained', partition, position)
      const work: Work = { position, isWanted: true, generation, ended: Promise.resolve() }
      works.set(partition, Object.assign(work, { ended: count(partition, work) }))
      begun.push(work.ended)
    }
  },
  onReleased: async (partitions) => {
    const mine = partitions.map((partition) => [partition, works.get(partition)] as const)
    for (const [, work] of mine) if (work !== undefined) work.isWanted = false
    for (const [, work] of mine) await work?.ended
    for (const [partition, work] of mine) {
      // Lost while it was finished, it is nobody's to release.
      if (work === undefined || !membership.owns(partition, work.generation)) continue
      note(Date.now(), 'released', partition, work.position)
      works.delete(partition)
    }
  },
  onLost: (partitions) => {
    for (const partition of partitions) {
      const work = works.get(partition)
      if (work === undefined) continue // not begun
      work.isWanted = false
      note(Date.now(), 'lost', partition, work.position)
      works.delete(partition)
    }
  },
}
const membership = joinKafkaGroup({ brokers: place.brokers }, options, place.tuning)
note(Date.now(), 'began', -1, process.pid)
const end = await membership.done.then(
  () => 'left',
  (error: unknown) => (error instanceof WindsockError ? error.code : String(error)),
)
await Promise.all(begun)
note(Date.now(), end, -1, process.pid)
await broker.close()

async function count(partition: number, work: Work): Promise<void> {
  let committed = work.position
  for (let round = 0; work.isWanted; round++) {
    const at = Date.now()
    if (membership.isCurrent()) note(at, 'worked', partition, ++work.position)
    if (round % 4 === 3 && work.position > committed) {
      committed = work.position
      await commit(partition, committed, work.generation)
    }
    await delay(15)
  }
  if (work.position > committed) await commit(partition, work.position, work.generation)
}

async function commit(partition: number, position: number, generation: number): Promise<void> {
  const told = await membership.commit(new Map([[partition, position]]), generation)
  note(Date.now(), told.includes(partition) ? 'committed' : 'refused', partition, position)
}

async function committedPositions(): Promise<ReadonlyMap<number, number>> {
  for (;;) {
    try {
      return await broker.admin.committed(place.group, place.topic)
    } catch {
      await delay(50) // the broker restarts
    }
  }
}

function note(at: number, what: string, partition: number, position: number): void {
  writeSync(journal, `${at} ${what} ${partition} ${position}\n`)
}
