import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker, OutgoingRecord } from '../../src/broker/broker.ts'
import { createMemoryBroker } from '../../src/broker/memory/memory-broker.ts'
import { type AnalysisOptions, type AnalysisProgress, runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { prices } from '../../src/topics/prices.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { stateTopic } from '../../src/topics/state.ts'
import { dayOf } from '../analyses/histories.ts'
import { createRandom, type Random } from '../support/random.ts'
import { hurryTime } from './hurried-time.ts'
import { MortalProcess, type MortalOptions } from './mortal-process.ts'
import { barRecord, readCommitted, readNewest, readTopic, sendTo } from './topic-records.ts'

const time = hurryTime()
const running = new AbortController().signal
const sentAt = Date.UTC(2015, 0, 5)
const aroon = chooseAnalysis('aroon', { period: '1' })

function run(broker: Broker, options: Partial<AnalysisOptions> = {}): Promise<AnalysisProgress> {
  return time.during(runAnalysis({ broker, analysis: aroon, untilEnd: true, signal: running, ...options }))
}

/** A process that comes and goes. */
interface Life {
  readonly process: MortalProcess
  readonly abort: AbortController
  readonly ended: Promise<unknown>
}

/** All that an analysis has left behind, as readers of committed records see it. */
interface Outcome {
  /** Every result, by the record it came from: none is there twice, whatever happened. */
  readonly results: readonly string[]
  readonly quarantined: readonly string[]
  readonly states: unknown
  readonly positions: unknown
}

async function outcomeOf(broker: Broker, analysis: ChosenAnalysis): Promise<Outcome> {
  const states = stateTopic(analysis.group, prices.partitions).name
  const newest = new Map(
    (await readCommitted(broker, states)).map((each) => [`${each.partition} ${each.key}`, each.value]),
  )
  const committed = await broker.admin.committed(analysis.group, prices.name)
  const { partitions } = await broker.admin.describeTopic(prices.name)
  return {
    results: (await readCommitted(broker, analysis.group)).map(({ key, value }) => `${key} ${value}`).toSorted(),
    quarantined: (await readCommitted(broker, quarantine.name)).map(({ value }) => String(value)).toSorted(),
    states: [...newest].toSorted(([a], [b]) => (a < b ? -1 : 1)),
    positions: partitions.map(({ partition }) => committed.get(partition) ?? 0),
  }
}

/** The outcome of an analysis of the broker's prices that nothing disturbs; it is cleared away again. */
async function undisturbed(broker: Broker, analysis: ChosenAnalysis): Promise<Outcome> {
  await broker.admin.ensureTopics([quarantine, resultTopic(analysis.group)])
  await run(broker, { analysis })
  const outcome = await outcomeOf(broker, analysis)
  await broker.admin.deleteTopics([quarantine.name, analysis.group, stateTopic(analysis.group, prices.partitions).name])
  await broker.admin.deleteGroups([analysis.group])
  await broker.admin.ensureTopics([quarantine, resultTopic(analysis.group)])
  return outcome
}

async function brokerWith(records: readonly OutgoingRecord[]): Promise<Broker> {
  const broker = createMemoryBroker({ now: () => sentAt })
  await broker.admin.ensureTopics([prices])
  await sendTo(broker, prices.name, ...records)
  return broker
}

/** A run that may die; its group learns of it at once. Returns whether it did. */
async function runMortal(
  broker: Broker,
  mortality: MortalOptions,
  options: Partial<AnalysisOptions>,
): Promise<boolean> {
  const mortal = new MortalProcess(broker, mortality)
  try {
    await run(mortal.broker, options)
  } catch (error) {
    assert.match(String(error), /killed/)
  }
  await mortal.endSession()
  return mortal.isDead
}

const symbol = fc.constantFrom('A', 'B', 'C', 'D', '__proto__', '\ud800', 'é"')
const bar = fc
  .tuple(symbol, fc.nat({ max: 12 }), fc.integer({ min: -2, max: 2 }))
  .map(([name, day, close]) => barRecord(name, dayOf(day), close))
const array = fc
  .array(
    fc.oneof(
      fc.constant('7'),
      fc.nat({ max: 12 }).map((day) => barRecord('A', dayOf(day), 1).value ?? ''),
    ),
  )
  .map((values) => ({ key: 'A', value: `[${values.join()}]` }))
const garbage = fc.constantFrom('', 'NaN', '{}').map((value) => ({ key: 'B', value }))
const record: fc.Arbitrary<OutgoingRecord> = fc.oneof(
  { weight: 8, arbitrary: bar },
  { weight: 1, arbitrary: array },
  { weight: 1, arbitrary: garbage },
)
const analyses = [aroon, chooseAnalysis('bollinger', { period: '2' })]

describe('an analysis that is killed again and again', () => {
  it('leaves the results, states, positions and quarantine of an uninterrupted one, each once', async (t) => {
    const { seed } = createRandom()
    t.diagnostic(`WINDSOCK_SEED=${seed}`)
    const kill = fc.record<MortalOptions>({
      killAtStep: fc.integer({ min: 1, max: 70 }),
      batchRecordsMax: fc.integer({ min: 1, max: 6 }),
    })
    let struck = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(record, { minLength: 1, maxLength: 30 }),
        fc.array(kill, { minLength: 1, maxLength: 5 }),
        fc.constantFrom(...analyses),
        fc.constantFrom('same', undefined),
        async (records, kills, analysis, memberId) => {
          const broker = await brokerWith(records)
          const expected = await undisturbed(broker, analysis)
          const options = { analysis, ...(memberId === undefined ? {} : { memberId }) }
          for (const each of kills) if (await runMortal(broker, each, options)) struck++
          await run(broker, options)
          assert.deepEqual(await outcomeOf(broker, analysis), expected)
        },
      ),
      { numRuns: 60, seed },
    )
    t.diagnostic(`${struck} kills`)
    assert.ok(struck > 60)
  })

  it('leaves them whichever step it dies at, of all that it takes', async () => {
    const records = Array.from({ length: 16 }, (_, i) => barRecord('ABCD'.charAt(i % 4), dayOf(i), i % 3))
    const broker = await brokerWith([...records, { key: 'A', value: '7' }])
    const whole = new MortalProcess(broker, { batchRecordsMax: 3 })
    const expected = await undisturbed(broker, aroon)
    await run(whole.broker)
    assert.ok(whole.steps > 40)
    for (let killAtStep = 1; killAtStep <= whole.steps; killAtStep++) {
      await undisturbed(broker, aroon)
      await runMortal(broker, { killAtStep, batchRecordsMax: 3 }, {})
      await run(broker)
      assert.deepEqual(await outcomeOf(broker, aroon), expected, `killed at step ${killAtStep} of ${whole.steps}`)
    }
  })

  it('shows nothing of what it had not committed to readers of committed records', async () => {
    const records = Array.from({ length: 9 }, (_, i) => barRecord('A', dayOf(i), i))
    const broker = await brokerWith(records)
    await undisturbed(broker, aroon)
    const mortal = new MortalProcess(broker)
    const dying = run(mortal.broker).catch(() => {})
    await time.until('results are sent', () => mortal.steps > 0)
    for (let found = 0; found === 0; found = (await readTopic(broker, aroon.group)).length) await time.pass(10)
    mortal.kill()
    await dying
    assert.equal((await readTopic(broker, aroon.group)).length, 8)
    assert.deepEqual(await readCommitted(broker, aroon.group), [])
    await mortal.endSession()
    await run(broker)
    assert.equal((await readTopic(broker, aroon.group)).length, 16)
    assert.equal((await readCommitted(broker, aroon.group)).length, 8)
  })

  it('by a signal commits what it has folded first, and leaves the rest', async () => {
    const broker = await brokerWith(Array.from({ length: 9 }, (_, i) => barRecord('A', dayOf(i), i)))
    await undisturbed(broker, aroon)
    const abort = new AbortController()
    const first = await run(new MortalProcess(broker, { batchRecordsMax: 3 }).broker, {
      signal: abort.signal,
      onProgress: () => abort.abort(),
    })
    assert.equal(first.records, 3)
    assert.equal((await run(broker)).records, 6)
    assert.equal((await readTopic(broker, aroon.group)).length, 8)
  })
})

describe('a process that sleeps while another takes its partitions', () => {
  const records = Array.from({ length: 16 }, (_, i) => barRecord('ABCD'.charAt(i % 4), dayOf(i), i % 3))

  /** Lets a process begin, work and stop, until it falls asleep at a step; undefined when it does not take so many. */
  const fallAsleep = async (broker: Broker, sleepAtStep: number): Promise<Life | undefined> => {
    const process = new MortalProcess(broker, { sleepAtStep, batchRecordsMax: 3 })
    const abort = new AbortController()
    const options = { broker: process.broker, analysis: aroon, untilEnd: false, signal: abort.signal }
    let isOver = false
    const ended = runAnalysis(options).then(
      () => (isOver = true),
      (error: unknown) => error,
    )
    await time.pass(400)
    if (!process.isAsleep) abort.abort()
    await time.until('it sleeps or ends', () => process.isAsleep || isOver)
    return isOver ? undefined : { process, abort, ended }
  }

  it('changes nothing when it wakes, whichever step it slept at', async (t) => {
    const broker = await brokerWith([...records, { key: 'A', value: '7' }])
    const expected = await undisturbed(broker, aroon)
    for (let step = 1; ; step++) {
      const sleeper = await fallAsleep(broker, step)
      if (sleeper === undefined) {
        t.diagnostic(`${step - 1} steps`)
        assert.ok(step > 40)
        break
      }
      await sleeper.process.endSession()
      await run(broker)
      sleeper.process.wake()
      await time.pass(300) // it does not know yet
      await sleeper.process.heartbeat()
      await time.pass(300)
      sleeper.abort.abort()
      assert.equal(await time.during(sleeper.ended), true)
      await run(broker)
      assert.deepEqual(await outcomeOf(broker, aroon), expected, `slept at step ${step}`)
      await undisturbed(broker, aroon)
    }
  })

  it('leaves no partition without anybody at work, whichever step it slept at', async () => {
    const broker = await brokerWith(records)
    await undisturbed(broker, aroon)
    for (let step = 1; ; step++) {
      const sleeper = await fallAsleep(broker, step)
      if (sleeper === undefined) break
      await sleeper.process.endSession()
      const abort = new AbortController()
      const heir = runAnalysis({ broker, analysis: aroon, untilEnd: false, signal: abort.signal })
      await time.pass(300)
      sleeper.process.wake() // it may be about to take the transactions over, and finds out too late
      await time.pass(100)
      sleeper.process.kill()
      await time.during(sleeper.ended)
      const before = (await readCommitted(broker, aroon.group)).length
      await sendTo(broker, prices.name, ...Array.from('ABCD', (name) => barRecord(name, dayOf(20 + step), step)))
      await time.pass(3_000)
      assert.equal((await readCommitted(broker, aroon.group)).length, before + 4, `slept at step ${step}`)
      abort.abort()
      await time.during(heir)
      await undisturbed(broker, aroon)
    }
  })
})

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
      for (let round = 0; round < 12; round++) {
        const analysis = analyses[random.below(analyses.length)] ?? aroon
        const [records = []] = fc.sample(fc.array(record, { minLength: 20, maxLength: 60 }), {
          numRuns: 1,
          seed: random.below(2 ** 31),
        })
        const reference = await brokerWith(records)
        const expected = await undisturbed(reference, analysis)
        const broker = await brokerWith([])
        await broker.admin.ensureTopics([quarantine, resultTopic(analysis.group)])
        const counts = await liveAtRandom(broker, analysis, places, records, random)
        for (const [what, count] of Object.entries(counts)) total[what] = (total[what] ?? 0) + count
        await run(broker, { analysis })
        const { id } = await reference.admin.describeTopic(prices.name)
        const { id: mine } = await broker.admin.describeTopic(prices.name)
        const found: Outcome = JSON.parse(JSON.stringify(await outcomeOf(broker, analysis)).replaceAll(mine, id))
        assert.deepEqual(found, expected, `round ${round}, WINDSOCK_SEED=${random.seed}`)
      }
      t.diagnostic(JSON.stringify(total))
      assert.ok((total['kills'] ?? 0) > 50 && (total['wakes'] ?? 0) > 30)
    })
  }
})
