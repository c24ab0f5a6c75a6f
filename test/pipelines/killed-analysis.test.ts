import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import type { Broker } from '../../src/broker/broker.ts'
import { type AnalysisOptions, type AnalysisProgress, runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { prices } from '../../src/topics/prices.ts'
import { dayOf } from '../analyses/histories.ts'
import { createRandom } from '../support/random.ts'
import { hurryTime } from './hurried-time.ts'
import { intercept } from './intercepted-broker.ts'
import { type Life, MortalProcess, type MortalOptions } from './mortal-process.ts'
import { analyses, aroon, brokerWith, outcomeOf, record, undisturbed } from './outcome.ts'
import { barRecord, readCommitted, readTopic, sendTo } from './topic-records.ts'

const time = hurryTime()
const running = new AbortController().signal

function run(broker: Broker, options: Partial<AnalysisOptions> = {}): Promise<AnalysisProgress> {
  return time.during(runAnalysis({ broker, analysis: aroon, untilEnd: true, signal: running, ...options }))
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
          const expected = await undisturbed(time, broker, analysis)
          const options = { analysis, ...(memberId === undefined ? {} : { memberId }) }
          for (const each of kills) if (await runMortal(broker, each, options)) struck++
          await run(broker, options)
          assert.deepEqual(await outcomeOf(broker, analysis), expected)
        },
      ),
      { numRuns: 40, seed },
    )
    t.diagnostic(`${struck} kills`)
    assert.ok(struck > 20)
  })

  it('leaves them whichever step it dies at, of all that it takes', async () => {
    const records = Array.from({ length: 16 }, (_, i) => barRecord('ABCD'.charAt(i % 4), dayOf(i), i % 3))
    const broker = await brokerWith([...records, { key: 'A', value: '7' }])
    const whole = new MortalProcess(broker, { batchRecordsMax: 3 })
    const expected = await undisturbed(time, broker, aroon)
    await run(whole.broker)
    assert.ok(whole.steps > 40)
    for (let killAtStep = 1; killAtStep <= whole.steps; killAtStep++) {
      await undisturbed(time, broker, aroon)
      await runMortal(broker, { killAtStep, batchRecordsMax: 3 }, {})
      await run(broker)
      assert.deepEqual(await outcomeOf(broker, aroon), expected, `killed at step ${killAtStep} of ${whole.steps}`)
    }
  })

  it('shows nothing of what it had not committed to readers of committed records', async () => {
    const records = Array.from({ length: 9 }, (_, i) => barRecord('A', dayOf(i), i))
    const broker = await brokerWith(records)
    await undisturbed(time, broker, aroon)
    const mortal = new MortalProcess(broker)
    const dying = intercept(mortal.broker, {
      onTransaction(call, act) {
        if (call === 'commit') mortal.kill()
        return act()
      },
    })
    await assert.rejects(run(dying), /killed/)
    assert.equal((await readTopic(broker, aroon.group)).length, 8)
    assert.deepEqual(await readCommitted(broker, aroon.group), [])
    await mortal.endSession()
    await run(broker)
    assert.equal((await readTopic(broker, aroon.group)).length, 16)
    assert.equal((await readCommitted(broker, aroon.group)).length, 8)
  })

  it('by a signal commits what it has folded first, and leaves the rest', async () => {
    const broker = await brokerWith(Array.from({ length: 9 }, (_, i) => barRecord('A', dayOf(i), i)))
    await undisturbed(time, broker, aroon)
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

/** Lets a process begin, work and stop, until it falls asleep at a step; undefined when it does not take so many. */
async function fallAsleep(broker: Broker, sleepAtStep: number): Promise<Life | undefined> {
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

describe('a process that sleeps while another takes its partitions', () => {
  const records = Array.from({ length: 16 }, (_, i) => barRecord('ABCD'.charAt(i % 4), dayOf(i), i % 3))

  it('changes nothing when it wakes, whichever step it slept at', async (t) => {
    const broker = await brokerWith([...records, { key: 'A', value: '7' }])
    const expected = await undisturbed(time, broker, aroon)
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
      await undisturbed(time, broker, aroon)
    }
  })

  it('leaves no partition without anybody at work, whichever step it slept at', async () => {
    for (let step = 1; ; step++) {
      const broker = await brokerWith(records)
      await undisturbed(time, broker, aroon)
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
      await sendTo(broker, prices.name, ...Array.from('ABCD', (name) => barRecord(name, dayOf(20), step)))
      const results = async (): Promise<number> => (await readCommitted(broker, aroon.group)).length
      await time.until(`results when one slept at step ${step}`, async () => (await results()) === before + 4)
      abort.abort()
      await time.during(heir)
    }
  })
})
