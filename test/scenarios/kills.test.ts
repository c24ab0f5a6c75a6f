import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type AnalysisName, analysisNames, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { setGroupSession } from '../broker/kafka/group/group-session.ts'
import { readCommitted } from '../pipelines/topic-records.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../support/local-kafka.ts'
import { createRandom, type Random } from '../support/random.ts'
import {
  flightsFile,
  flightsRows,
  pricesFile,
  printsOf,
  type RunningCommand,
  startCommand,
} from '../support/run-windsock.ts'
import { isRunning, until } from '../support/until.ts'

/** 100 for the full proof, which takes minutes. */
const kills = Number(process.env['WINDSOCK_KILLS'] ?? 25)
const brokerKills = Math.max(1, Math.round(kills / 12))
const publisherKills = Math.max(1, Math.round(kills / 25))
const sleeps = Math.max(2, Math.round(kills / 10))
const stops = Math.max(2, Math.round(kills / 10))
/** How long the flights take: the kills are spread over them. */
const flowSeconds = 2.5 * kills
const flightsPerSecond = Math.ceil(flightsRows / flowSeconds)
const pricesRows = 10_180
const pricesPerSecond = Math.ceil(pricesRows / flowSeconds)
const lastKillBefore = flightsRows - 2 * flightsPerSecond
/** When a group gives up a process that does not answer. */
const sessionMs = 4_000
const instances: Readonly<Record<AnalysisName, number>> = { bollinger: 2, aroon: 2, 'flights-per-day': 3 }
const symbols = ['AAPL', 'GOOG', 'IBM', 'MSFT', 'SPY']
const filesOf: Readonly<Record<string, readonly string[]>> = {
  flights: ['--file', flightsFile],
  prices: symbols.flatMap((symbol) => ['--file', pricesFile(symbol)]),
}

type Act = 'kill' | 'kill-broker' | 'kill-publisher' | 'sleep' | 'stop'

/** One of the processes of an analysis, as a supervisor keeps it running. */
interface Instance {
  readonly name: AnalysisName
  process: RunningCommand
  /** Until when it is suspended. */
  wakeAtMs: number | undefined
}

describe('results after kills', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let broker: Broker
  const started: RunningCommand[] = []

  before(async () => {
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
  })
  after(async () => {
    for (const each of started) if (!each.isOver()) each.signal('SIGKILL')
    await broker.close()
    await kafka.stop()
  })

  const start = (...args: string[]): RunningCommand => {
    const running = startCommand([...args, '--home', kafka.home])
    started.push(running)
    return running
  }
  const publish = (topic: 'flights' | 'prices', rate: number): RunningCommand =>
    start('publish', topic, ...(filesOf[topic] ?? []), '--rate', String(rate), '--resume')
  const recordsIn = async (topic: string): Promise<number> => {
    const { partitions } = await broker.admin.describeTopic(topic).catch(() => ({ partitions: [] }))
    return partitions.reduce((sum, each) => sum + each.end, 0)
  }
  const untilCaughtUp = async (group: string, topic: string, what: () => string): Promise<void> => {
    const records = await recordsIn(topic)
    await until(
      what,
      async () => {
        const committed = await broker.admin.committed(group, topic)
        return [...committed.values()].reduce((sum, at) => sum + at, 0) === records
      },
      90_000,
    )
  }

  it(`equal a recomputation to the byte after ${kills} kills of processes and brokers`, async (t) => {
    const random = createRandom()
    t.diagnostic(`seed ${random.seed}`)
    const seeded = `WINDSOCK_SEED=${random.seed}`
    for (const name of analysisNames) await setGroupSession(kafka.brokers, name, sessionMs)
    let rate = flightsPerSecond
    let flights = publish('flights', rate)
    const prices = publish('prices', pricesPerSecond)
    const all = analysisNames.flatMap((name) =>
      Array.from({ length: instances[name] }, (): Instance => ({
        name,
        process: start('analyse', name),
        wakeAtMs: undefined,
      })),
    )
    /** Who was starting while there was no broker says so and ends; whoever else ends by itself has failed. */
    const keepAll = (): void => {
      for (const each of all) {
        if (each.wakeAtMs !== undefined && each.wakeAtMs < performance.now()) {
          each.process.signal('SIGCONT')
          each.wakeAtMs = undefined
        }
        if (!each.process.isOver()) continue
        assert.ok(isUnlucky(each.process), `${each.name} ended by itself: ${each.process.stderr()} (${seeded})`)
        each.process = start('analyse', each.name)
      }
      if (isUnlucky(flights)) flights = publish('flights', rate)
    }

    const acts = planOf(random)
    let inFlow = 0
    let actingMs = 0
    /** On a slow machine the acts take longer than the flow: then the rest of the flights comes more slowly. */
    const pace = async (actsDone: number): Promise<void> => {
      const rowsLeft = lastKillBefore - (await recordsIn('flights'))
      if (actsDone < 5 || rowsLeft <= 0 || flights.isOver()) return
      const secondsNeeded = 1.5 * (actingMs / 1000 / actsDone) * (acts.length - actsDone)
      const fitting = Math.min(flightsPerSecond, Math.ceil(rowsLeft / secondsNeeded))
      if (fitting > 0.7 * rate && fitting < 1.5 * rate) return
      rate = fitting
      t.diagnostic(`after ${actsDone} acts, ${rate} flights a second`)
      await flights.stop()
      flights = publish('flights', rate)
    }
    for (const [nth, act] of acts.entries()) {
      await pace(nth)
      // At random rows, not at random times: however slow the machine, the kills are spread over the data.
      const now = await recordsIn('flights')
      const ahead = random.below((2 * Math.max(0, lastKillBefore - now)) / (acts.length - nth))
      const row = Math.min(now + ahead, Math.max(now, lastKillBefore))
      await until(
        () => `${row} flights in the topic (${seeded}): ${flights.stderr()}`,
        async () => {
          keepAll()
          return (await recordsIn('flights')) >= row
        },
      )
      const actMs = performance.now()
      await delay(random.below(50))
      keepAll()
      const awake = all.filter(({ wakeAtMs }) => wakeAtMs === undefined)
      const victim = awake[random.below(awake.length)]
      assert.ok(victim !== undefined)
      switch (act) {
        case 'kill':
          victim.process.signal('SIGKILL')
          await victim.process.ended
          victim.process = start('analyse', victim.name)
          break
        case 'stop': {
          // An orderly hand-over, and another one when it comes back.
          await victim.process.stop()
          const { code, signal, stderr } = await victim.process.ended
          assert.ok(code === 0 || signal === 'SIGTERM' || isUnlucky(victim.process), `${code} ${stderr} (${seeded})`)
          victim.process = start('analyse', victim.name)
          break
        }
        case 'sleep':
          victim.process.signal('SIGSTOP')
          victim.wakeAtMs = performance.now() + sessionMs / 2 + random.below(2 * sessionMs)
          break
        case 'kill-broker':
          await kafka.killAndRestart()
          break
        case 'kill-publisher':
          assert.equal(flights.isOver(), false, `the publisher ended early: ${flights.stderr()} (${seeded})`)
          flights.signal('SIGKILL')
          await flights.ended
          flights = publish('flights', rate)
          break
      }
      actingMs += performance.now() - actMs
      if ((await recordsIn('flights')) < flightsRows) inFlow++
    }
    t.diagnostic(`${inFlow} of ${acts.length} acts while flights flowed: ${describePlan(acts)}`)
    assert.ok(inFlow >= acts.length * 0.75, `the kills came too late (${seeded})`)

    for (const [topic, each] of Object.entries({ flights, prices })) {
      const { code, stderr } = await each.ended
      assert.equal(code, 0, `${topic}: ${stderr} (${seeded})`)
    }
    assert.deepEqual([await recordsIn('flights'), await recordsIn('prices')], [flightsRows, pricesRows], seeded)
    // Nobody but the processes that were left has to finish it: no partition is without anyone at work.
    const endMs = performance.now()
    for (const name of analysisNames) {
      const { input } = chooseAnalysis(name)
      await untilCaughtUp(name, input.name, () => {
        keepAll()
        return `${name} to have caught up (${seeded}): ${all.map(({ process }) => process.stderr()).join('\n')}`
      })
    }
    t.diagnostic(`caught up ${Math.round(performance.now() - endMs)} ms after the last record`)
    for (const { name, process, wakeAtMs } of all) {
      if (wakeAtMs !== undefined) process.signal('SIGCONT')
      await process.stop()
      // The last one killed may be told to stop while it is still starting.
      const { code, signal, stderr } = await process.ended
      assert.ok(code === 0 || signal === 'SIGTERM', `${name}: ${code} ${signal} ${stderr} (${seeded})`)
    }
    for (const name of analysisNames) {
      for (const format of ['json', 'csv']) {
        const live = await printsOf(['results', name, '--format', format, '--home', kafka.home])
        const recomputed = await recompute(name, format)
        assert.ok(live === recomputed, `${name} as ${format} differs (${seeded}): ${firstDifference(live, recomputed)}`)
      }
    }
    assert.equal(
      sumOfFlights(await printsOf(['results', 'flights-per-day', '--home', kafka.home])),
      flightsRows,
      seeded,
    )
    // A result of these stands for one record: what is there twice was committed twice.
    for (const name of ['aroon', 'bollinger']) {
      const keys = (await readCommitted(broker, name)).map(({ key }) => key)
      assert.equal(new Set(keys).size, keys.length, `a result of ${name} was committed twice (${seeded})`)
    }
  })

  it('equal a recomputation when a process sleeps through its session, and goes on when it wakes', async (t) => {
    const random = createRandom()
    t.diagnostic(`seed ${random.seed}`)
    const seeded = `WINDSOCK_SEED=${random.seed}`
    for (const topic of ['sleep-1', 'sleep-2', 'sleep-3']) {
      const analysis = ['analyse', 'flights-per-day', '--topic', topic] as const
      const { group } = chooseAnalysis('flights-per-day', {}, topic)
      await setGroupSession(kafka.brokers, group, sessionMs)
      const publisher = start('publish', 'flights', '--file', flightsFile, '--rate', '9000', '--topic', topic)
      await until(`flights in ${topic}`, async () => (await recordsIn(topic)) > 0)
      const sleeper = start(...analysis)
      await until(`first results of ${group}`, async () => (await recordsIn(group)) > 0)
      await delay(random.below(300))
      sleeper.signal('SIGSTOP')
      assert.equal((await publisher.ended).code, 0, publisher.stderr())
      await printsOf([...analysis, '--until-end', '--home', kafka.home])
      assert.equal(await isRunning(sleeper.pid), true, `the sleeper is still there (${seeded})`)
      const others = await committedPrints(topic)
      const recomputed = await recompute('flights-per-day', 'json')
      assert.ok(others === recomputed, `${topic} while one sleeps (${seeded}): ${firstDifference(others, recomputed)}`)
      const successor = random.below(2) === 0 ? start(...analysis) : undefined
      await delay(random.below(2_000))
      sleeper.signal('SIGCONT')
      await delay(1_000 + random.below(2_000))
      for (const each of [sleeper, successor]) {
        if (each === undefined) continue
        assert.equal(each.isOver(), false, `${each.stderr()} (${seeded})`)
        await each.stop()
        assert.equal((await each.ended).code, 0, `${each.stderr()} (${seeded})`)
      }
      const live = await committedPrints(topic)
      assert.ok(live === recomputed, `${topic} after it woke (${seeded}): ${firstDifference(live, recomputed)}`)
    }
  })

  const committedPrints = (topic: string): Promise<string> =>
    printsOf(['results', 'flights-per-day', '--topic', topic, '--home', kafka.home])
})

/**
 * What is done, in a random order; the broker and the publisher are killed early, since what is owed after their restart comes
 * at once.
 */
function planOf(random: Random): Act[] {
  const plan: Act[] = [
    ...Array.from({ length: kills - brokerKills - publisherKills }, (): Act => 'kill'),
    ...Array.from({ length: sleeps }, (): Act => 'sleep'),
    ...Array.from({ length: stops }, (): Act => 'stop'),
  ]
  const shuffled: Act[] = []
  while (plan.length > 0) shuffled.push(...plan.splice(random.below(plan.length), 1))
  const early: Act[] = [
    ...Array.from({ length: brokerKills }, (): Act => 'kill-broker'),
    ...Array.from({ length: publisherKills }, (): Act => 'kill-publisher'),
  ]
  for (const act of early) shuffled.splice(random.below(shuffled.length * 0.6), 0, act)
  return shuffled
}

function describePlan(acts: readonly Act[]): string {
  const counts = new Map<Act, number>()
  for (const act of acts) counts.set(act, (counts.get(act) ?? 0) + 1)
  return [...counts].map(([act, count]) => `${count} ${act}`).join(', ')
}

const recomputed = new Map<string, Promise<string>>()

function recompute(name: AnalysisName, format: string): Promise<string> {
  const { input } = chooseAnalysis(name)
  const known = recomputed.get(`${name} ${format}`)
  const made = known ?? printsOf(['recompute', name, ...(filesOf[input.name] ?? []), '--format', format])
  recomputed.set(`${name} ${format}`, made)
  return made
}

/** Whether it was just starting when there was no broker: who was at work waits for it. */
function isUnlucky(running: RunningCommand): boolean {
  return (
    running.isOver() && /^windsock: (no broker runs|(connecting|topic \S+): no broker answers)/m.test(running.stderr())
  )
}

function firstDifference(left: string, right: string): string {
  const [lefts, rights] = [left.split('\n'), right.split('\n')]
  const at = lefts.findIndex((line, index) => line !== rights[index])
  return `line ${at + 1} of ${lefts.length} and ${rights.length}: ${lefts[at]} is not ${rights[at]}`
}

function sumOfFlights(json: string): number {
  const rows: unknown = JSON.parse(json)
  assert.ok(Array.isArray(rows))
  return rows.reduce((sum: number, { flights }: { flights: number }) => sum + flights, 0)
}
