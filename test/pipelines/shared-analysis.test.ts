import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { ChosenAnalysis } from '../../src/analyses/all.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { createRandom, type Random } from '../support/random.ts'
import { hurryTime } from './hurried-time.ts'
import { type Life, MortalProcess } from './mortal-process.ts'
import { analyses, aroon, brokerWith, type Outcome, outcomeOf, record, undisturbed } from './outcome.ts'
import { sendTo } from './topic-records.ts'

const time = hurryTime()

/** Processes of one analysis that start, stop, die, fall asleep and wake at random, while records arrive. */
async function liveAtRandom(
  broker: Broker,
  analysis: ChosenAnalysis,
  places: number,
  records: readonly OutgoingRecord[],
  random: Random,
): Promise<Record<string, number>> {
  const counts = { starts: 0, stops: 0, kills: 0, sleeps: 0, wakes: 0 }
  const lives: (Life | undefined)[] = Array.from({ length: places }, () => undefined)
  const left = [...records]
  for (let turn = 0; turn < 40; turn++) {
    const place = random.below(places)
    const life = lives[place]
    if (left.length > 0) await sendTo(broker, prices.name, ...left.splice(0, random.below(4)))
    if (life === undefined) {
      const process = new MortalProcess(broker, { batchRecordsMax: 1 + random.below(5) })
      const abort = new AbortController()
      const working = runAnalysis({ broker: process.broker, analysis, untilEnd: false, signal: abort.signal })
      lives[place] = { process, abort, ended: working.catch((error: unknown) => error) }
      counts.starts++
    } else if (life.process.isAsleep) {
      // Its session may be over, in which case it learns of it sooner or later.
      const isOver = random.below(3) > 0
      if (isOver) await life.process.endSession()
      await time.pass(10 * random.below(30))
      life.process.wake()
      await time.pass(10 * random.below(30))
      if (isOver) await life.process.heartbeat()
      counts.wakes++
    } else {
      const dice = random.below(6)
      if (dice === 0) {
        life.abort.abort()
        assert.equal(Object(await time.during(life.ended)) instanceof Error, false)
        lives[place] = undefined
        counts.stops++
      } else if (dice < 4) {
        life.process.kill()
        await time.pass(10 * random.below(20))
        await life.process.endSession()
        assert.match(String(await time.during(life.ended)), /killed/)
        lives[place] = undefined
        counts.kills++
      } else {
        life.process.suspend()
        counts.sleeps++
      }
    }
    await time.pass(10 * random.below(25))
  }
  for (const life of lives) {
    if (life?.process.isAsleep) {
      await life.process.endSession()
      life.process.wake()
      await life.process.heartbeat()
    }
    life?.abort.abort()
  }
  for (const life of lives) if (life !== undefined) await time.during(life.ended)
  await sendTo(broker, prices.name, ...left)
  return counts
}

describe('several processes of one analysis that come, die and sleep at random', () => {
  for (const places of [2, 3]) {
    it(`leave what one process leaves that nothing disturbs: ${places} at once`, async (t) => {
      const random = createRandom()
      t.diagnostic(`WINDSOCK_SEED=${random.seed}`)
      const total: Record<string, number> = {}
      for (let round = 0; round < 6; round++) {
        const analysis = analyses[random.below(analyses.length)] ?? aroon
        const [records = []] = fc.sample(fc.array(record, { minLength: 20, maxLength: 60 }), {
          numRuns: 1,
          seed: random.below(2 ** 31),
        })
        const reference = await brokerWith(records)
        const expected = await undisturbed(time, reference, analysis)
        const broker = await brokerWith([])
        await broker.admin.ensureTopics([quarantine, resultTopic(analysis.group)])
        const counts = await liveAtRandom(broker, analysis, places, records, random)
        for (const [what, count] of Object.entries(counts)) total[what] = (total[what] ?? 0) + count
        const { signal } = new AbortController()
        await time.during(runAnalysis({ broker, analysis, untilEnd: true, signal }))
        const { id } = await reference.admin.describeTopic(prices.name)
        const { id: mine } = await broker.admin.describeTopic(prices.name)
        const found: Outcome = JSON.parse(JSON.stringify(await outcomeOf(broker, analysis)).replaceAll(mine, id))
        assert.deepEqual(found, expected, `round ${round}, WINDSOCK_SEED=${random.seed}`)
      }
      t.diagnostic(JSON.stringify(total))
      assert.ok((total['kills'] ?? 0) > 25 && (total['wakes'] ?? 0) > 15)
    })
  }
})
