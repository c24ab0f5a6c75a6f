import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after as afterAll, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../../../support/local-kafka.ts'
import { protocol, RunningMember } from './running-member.ts'
import { setGroupSession } from './group-session.ts'

const shortSessionMs = 3_000

describe('members that are processes', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let broker: Broker
  let folder: string
  const running: RunningMember[] = []
  let made = 0
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windsock-members-'))
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
    await broker.admin.ensureTopics([{ name: 'counted', partitions: 4, cleanup: 'delete', retentionMs: -1 }])
  })
  afterAll(async () => {
    for (const member of running) member.signal('SIGCONT')
    await Promise.all(running.map((member) => member.kill()))
    await broker.close()
    await kafka.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const start = (group: string, memberId?: string): RunningMember => {
    const journal = join(folder, `${++made}.journal`)
    const tuning = { protocol, classicSessionMs: group === 'away' ? shortSessionMs : 10_000 } as const
    const place = { brokers: kafka.brokers, group, topic: 'counted', journal, tuning }
    const member = new RunningMember(memberId === undefined ? place : { ...place, memberId })
    running.push(member)
    return member
  }
  /** Two members that share the four partitions. */
  const startTwo = async (group: string, ids: readonly [string?, string?]): Promise<[RunningMember, RunningMember]> => {
    const first = start(group, ids[0])
    await first.worksOn(4)
    const second = start(group, ids[1])
    await second.worksOn(2)
    await first.worksOn(2)
    return [first, second]
  }

  it('one that is killed and started again has its partitions back at once, and no other is disturbed', async (t) => {
    const [first, second] = await startTwo('again', ['a', 'b'])
    const had = partitionsOf(second)
    await second.kill()
    const killedAt = Date.now()
    const again = start('again', 'b')
    await again.worksOn(2)
    assert.deepEqual(partitionsOf(again), had)
    const { at: beganAt } = await again.note('began')
    const { at: workedAt } = await again.note('worked')
    t.diagnostic(`killed to working ${workedAt - killedAt} ms, of which the group took ${workedAt - beganAt} ms`)
    assert.ok(workedAt - beganAt < 3_000, `${workedAt - beganAt} ms`)
    assert.equal(first.notes().filter(({ at, what }) => at > killedAt && what === 'gained').length, 0)
    // It goes on where the last commit was.
    for (const partition of had) {
      const committed = second.notes().findLast((note) => note.what === 'committed' && note.partition === partition)
      const gained = await again.note('gained', partition)
      assert.ok(gained.position >= (committed?.position ?? 0), `${gained.position} of ${committed?.position}`)
    }
    await Promise.all([first.stop(), again.stop()])
  })

  it('one that was suspended while another took its name is fenced when it wakes, and works on nothing', async () => {
    const [first, second] = await startTwo('zombie', ['a', 'b'])
    second.signal('SIGSTOP')
    await delay(2_500) // longer than the lease, shorter than the session
    const successor = start('zombie', 'b')
    await successor.worksOn(2)
    assert.deepEqual(partitionsOf(successor), partitionsOf(second))
    const wokenAt = Date.now()
    second.signal('SIGCONT')
    await second.ended
    assert.equal(second.notes().at(-1)?.what, 'fenced')
    const awake = second.notes().filter(({ at }) => at >= wokenAt)
    assert.deepEqual(
      awake.filter(({ what }) => what === 'worked' || what === 'committed'),
      [],
    )
    assert.equal(awake.filter(({ what }) => what === 'lost').length, 2)
    assert.equal(successor.isRunning, true)
    await Promise.all([first.stop(), successor.stop()])
  })

  it('one that is killed and stays away is replaced when its session is over', { timeout: 60_000 }, async (t) => {
    await setGroupSession(kafka.brokers, 'away', shortSessionMs)
    const [first, second] = await startTwo('away', [])
    const had = partitionsOf(second)
    await second.kill()
    const killedAt = Date.now()
    await first.worksOn(4)
    const taken = await first.note('worked', had[0], killedAt)
    t.diagnostic(`killed to working elsewhere ${taken.at - killedAt} ms`)
    assert.ok(taken.at - killedAt > 1_500, 'only a session that is over gives partitions away')
    await first.stop()
  })

  it('hands over in order, and the partition stands still for less than a heartbeat', async (t) => {
    const stallsMs: number[] = []
    const first = start('stall')
    await first.worksOn(4)
    for (let round = 0; round < 2; round++) {
      const second = start('stall')
      await second.worksOn(2)
      stallsMs.push(...partitionsOf(second).map((partition) => stallMs(first, second, partition)))
      const had = partitionsOf(second)
      await second.stop()
      await first.worksOn(4)
      stallsMs.push(...had.map((partition) => stallMs(second, first, partition)))
    }
    stallsMs.sort((a, b) => a - b)
    t.diagnostic(`from the last work of one to the first of the next: ${stallsMs.join(', ')} ms`)
    assert.ok((stallsMs[stallsMs.length >> 1] ?? Infinity) < 500, `${stallsMs.join(', ')} ms`)
    await first.stop()
  })
})

function partitionsOf(member: RunningMember): number[] {
  const working = new Set<number>()
  for (const { what, partition } of member.notes()) {
    if (what === 'gained') working.add(partition)
    else if (what === 'released' || what === 'lost') working.delete(partition)
  }
  return [...working].toSorted((a, b) => a - b)
}

/** How long nobody worked on a partition that went from one to another. */
function stallMs(from: RunningMember, to: RunningMember, partition: number): number {
  const isWork = ({ what, partition: of }: { what: string; partition: number }): boolean =>
    what === 'worked' && of === partition
  const released = from.notes().findLast((note) => note.what === 'released' && note.partition === partition)
  const last = from.notes().findLast((note) => isWork(note) && note.at <= (released?.at ?? 0))
  const next = to.notes().find((note) => isWork(note) && note.at >= (last?.at ?? 0))
  return (next?.at ?? Number.NaN) - (last?.at ?? Number.NaN)
}
