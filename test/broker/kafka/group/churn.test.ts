import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Broker } from '../../../../src/broker/broker.ts'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../../../support/local-kafka.ts'
import { createRandom } from '../../../support/random.ts'
import { setGroupSession } from './group-session.ts'
import { judge, type Verdict } from './judge.ts'
import { protocol, RunningMember } from './running-member.ts'

const acts = Number(process.env['WINDSOCK_CHURN_ACTS'] ?? 16)
const partitions = 8
const sessionMs = 3_000
const leaseMs = 2_000

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
  let again: Promise<void> | undefined
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'windsock-churn-'))
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
    await broker.admin.ensureTopics([{ name: 'churned', partitions, cleanup: 'delete', retentionMs: -1 }])
    await setGroupSession(kafka.brokers, 'churn', sessionMs)
  })
  after(async () => {
    await broker.close()
    await again?.catch(() => {}) // told by the test
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
      const start = (memberId?: string): RunningMember => {
        const journal = join(folder, `${all.length}.journal`)
        const tuning = { protocol, classicSessionMs: sessionMs } as const
        const place = { brokers: kafka.brokers, group: 'churn', topic: 'churned', journal, tuning }
        const member = new RunningMember(memberId === undefined ? place : { ...place, memberId })
        all.push(member)
        return member
      }
      const counts = { starts: 0, stops: 0, kills: 0, returns: 0, suspensions: 0, twins: 0 }
      const act = (slot: Slot): void => {
        if (slot.running === undefined || !slot.running.isRunning) {
          slot.running = start(slot.memberId)
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
          slot.running = start(slot.memberId)
          counts.returns++
        } else if (dice < 8) {
          slot.running.signal('SIGSTOP')
          slot.wakeAtMs = performance.now() + 200 + random.below(2 * sessionMs)
          counts.suspensions++
        } else if (slot.memberId !== undefined) {
          slot.running = start(slot.memberId) // while the one before lives: it is to be fenced
          counts.twins++
        }
      }

      const judgeAll = (): Verdict =>
        judge(
          all.map((member) => ({ memberId: member.place.memberId, notes: member.notes() })),
          leaseMs,
        )
      const isSomethingToSee = (): boolean => {
        const { worked, handOvers } = judgeAll().counts
        return worked > 200 && handOvers > 0
      }

      try {
        // On a slow machine, the same acts leave less time for work: then there are more of them.
        for (let done = 0; done < acts || !isSomethingToSee();) {
          for (const slot of slots) {
            if (slot.wakeAtMs === 0 || slot.wakeAtMs > performance.now()) continue
            slot.running?.signal('SIGCONT')
            slot.wakeAtMs = 0
          }
          if (again === undefined && done > acts / 2) {
            again = kafka.killAndRestart()
            again.catch(() => {}) // waited for below
          }
          const slot = slots[random.below(slots.length)]
          if (slot !== undefined && slot.wakeAtMs === 0 && slot.running?.isBeginning !== true) {
            act(slot)
            done++
          }
          await delay(100 + random.below(300))
        }
        await again
        for (const member of all) member.signal('SIGCONT')
        // Whoever is left shares everything, and nothing is stuck.
        const last = start()
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
      const verdict = judgeAll()
      t.diagnostic(
        `${JSON.stringify(counts)}, broker killed ${again === undefined ? 0 : 1} time; ${JSON.stringify(verdict.counts)}`,
      )
      assert.deepEqual(verdict.complaints, [])
      assert.ok(isSomethingToSee(), 'there was something to see')
    },
  )
})
