import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../../../../src/broker/kafka/server/cache-dir.ts'
import { type LocalKafka, startLocalKafka } from '../../../../src/broker/kafka/server/local-kafka.ts'
import { silentLogger } from '../../../../src/foundation/logger.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../../../support/local-kafka.ts'
import { createRandom } from '../../../support/random.ts'
import { setGroupSession } from './group-session.ts'
import { judge } from './judge.ts'
import { RunningMember } from './running-member.ts'

const churnMs = Number(process.env['WINDSOCK_CHURN_MS'] ?? 10_000)
const partitions = 8
const sessionMs = 3_000

/** A place for a process: with a member id of its own, or without. */
interface Slot {
  readonly name: string
  readonly memberId: string | undefined
  running: RunningMember | undefined
  wakeAtMs: number
}

describe('a group whose members come, go, are suspended and killed', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let broker: Broker
  let folder: string
  let again: Promise<LocalKafka> | undefined
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windsock-churn-'))
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
    await broker.admin.ensureTopics([{ name: 'churned', partitions, cleanup: 'delete', retentionMs: -1 }])
    await setGroupSession(kafka.brokers, 'churn', sessionMs)
  })
  after(async () => {
    await broker.close()
    await (await again)?.stop()
    await kafka.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it(
    'has at most one owner of each partition at any time, and an orderly one hands over exactly',
    { timeout: 240_000 },
    async (t) => {
      const random = createRandom()
      t.diagnostic(`WINDSOCK_SEED=${random.seed}`)
      const all: RunningMember[] = []
      const slots: Slot[] = ['a', 'b', 'c', undefined, undefined].map((memberId, index) => ({
        name: memberId ?? `slot ${index}`,
        memberId,
        running: undefined,
        wakeAtMs: 0,
      }))
      const start = (slot: Slot): void => {
        const journal = join(folder, `${all.length}.journal`)
        const place = { brokers: kafka.brokers, group: 'churn', topic: 'churned', journal }
        slot.running = new RunningMember(slot.memberId === undefined ? place : { ...place, memberId: slot.memberId })
        all.push(slot.running)
      }
      const counts = { starts: 0, stops: 0, kills: 0, returns: 0, suspensions: 0, twins: 0 }
      const act = (slot: Slot): void => {
        if (slot.running === undefined || !slot.running.isRunning) {
          start(slot)
          counts.starts++
          return
        }
        const dice = random.below(10)
        if (dice < 2) {
          slot.running.signal('SIGTERM')
          counts.stops++
        } else if (dice < 3) {
          slot.running.signal('SIGKILL')
          counts.kills++
        } else if (dice < 5) {
          slot.running.signal('SIGKILL')
          start(slot)
          counts.returns++
        } else if (dice < 8) {
          slot.running.signal('SIGSTOP')
          slot.wakeAtMs = performance.now() + 200 + random.below(2 * sessionMs)
          counts.suspensions++
        } else if (slot.memberId !== undefined) {
          start(slot) // while the one before lives: it is to be fenced
          counts.twins++
        }
      }

      const endMs = performance.now() + churnMs
      const killBrokerMs = performance.now() + churnMs / 2
      try {
        while (performance.now() < endMs) {
          const now = performance.now()
          for (const slot of slots) {
            if (slot.wakeAtMs > 0 && slot.wakeAtMs < now) {
              slot.running?.signal('SIGCONT')
              slot.wakeAtMs = 0
            }
          }
          if (again === undefined && now > killBrokerMs) again = restartBroker(kafka)
          const awake = slots.filter(({ wakeAtMs }) => wakeAtMs === 0)
          const slot = awake[random.below(Math.max(1, awake.length))]
          if (slot !== undefined) act(slot)
          await delay(100 + random.below(400))
        }
        await again
        for (const member of all) member.signal('SIGCONT')
        // Whoever is left shares everything, and nothing is stuck.
        const last = new RunningMember({
          brokers: kafka.brokers,
          group: 'churn',
          topic: 'churned',
          journal: join(folder, 'last.journal'),
        })
        all.push(last)
        await last.note('began')
        await Promise.all(all.slice(0, -1).map((member) => member.stop()))
        await last.worksOn(partitions)
        await last.stop()
      } finally {
        for (const member of all) member.signal('SIGCONT')
        await Promise.all(all.map((member) => member.kill()))
      }
      const said = all.map((member) => member.said).filter((text) => text !== '')
      assert.deepEqual(said, [], 'no process dies of itself')
      const verdict = judge(all.map((member) => member.notes()))
      t.diagnostic(
        `${JSON.stringify(counts)}, broker killed ${again === undefined ? 0 : 1} time; ${JSON.stringify(verdict.counts)}`,
      )
      assert.deepEqual(verdict.complaints, [])
      assert.ok(verdict.counts.handOvers > 10 && verdict.counts.worked > 1_000, 'there was something to see')
    },
  )
})

async function restartBroker(kafka: TestKafka): Promise<LocalKafka> {
  for (const pid of kafka.pids) process.kill(pid, 'SIGKILL')
  return startLocalKafka({
    home: kafka.home,
    cacheDir: defaultCacheDir(process.env),
    logger: silentLogger,
    env: process.env,
  })
}
