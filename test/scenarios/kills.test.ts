import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { analysisNames, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../../src/broker/kafka/server/cache-dir.ts'
import { type LocalKafka, startLocalKafka } from '../../src/broker/kafka/server/local-kafka.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import { startTestKafka, type TestKafka, withoutKafka } from '../support/local-kafka.ts'
import { createRandom } from '../support/random.ts'
import {
  flightsFile,
  flightsRows,
  pricesFile,
  printsOf,
  type RunningCommand,
  startCommand,
} from '../support/run-windsock.ts'
import { isRunning, until } from '../support/until.ts'

const consumerKills = 20
const lastKillBefore = flightsRows - 3_000
const flightsPerSecond = 1_200
const symbols = ['AAPL', 'GOOG', 'IBM', 'MSFT', 'SPY']
const pricesRows = 10_180
const pricesPerSecond = 270
const filesOf: Readonly<Record<string, readonly string[]>> = {
  flights: ['--file', flightsFile],
  prices: symbols.flatMap((symbol) => ['--file', pricesFile(symbol)]),
}

describe('results after kills', { skip: withoutKafka }, () => {
  let kafka: TestKafka
  let again: LocalKafka | undefined
  let broker: Broker
  const started: RunningCommand[] = []

  before(async () => {
    kafka = await startTestKafka()
    broker = createKafkaBroker({ brokers: kafka.brokers })
  })
  after(async () => {
    for (const each of started) if (!each.isOver()) each.signal('SIGKILL')
    await broker.close()
    await again?.stop()
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

  it('equal a recomputation to the byte, whoever was killed whenever: consumers, a publisher, the broker', async (t) => {
    const random = createRandom()
    t.diagnostic(`seed ${random.seed}`)
    const seeded = `WINDSOCK_SEED=${random.seed}`
    let flights = publish('flights', flightsPerSecond)
    const prices = publish('prices', pricesPerSecond)
    const consumers = new Map(analysisNames.map((name) => [name, start('analyse', name)]))

    const publisherDiesBefore = random.below(consumerKills)
    // Early, since what is owed after its restart comes at once.
    const brokerDiesBefore = random.below(consumerKills / 2)
    let killsInFlow = 0
    for (let nth = 0; nth < consumerKills; nth++) {
      if (nth === publisherDiesBefore) {
        assert.equal(flights.isOver(), false, `the publisher ended early: ${flights.stderr()} (${seeded})`)
        flights.signal('SIGKILL')
        await flights.ended
        flights = publish('flights', flightsPerSecond)
      }
      if (nth === brokerDiesBefore) {
        again = await killBroker(kafka)
        // Who runs waits for the broker; who was just starting says that there is none, and ends.
        for (const [name, each] of consumers) if (isUnlucky(each)) consumers.set(name, start('analyse', name))
        if (isUnlucky(flights)) flights = publish('flights', flightsPerSecond)
      }
      // At random rows, not at random times: however slow the machine, the kills are spread over the data.
      const now = await recordsIn('flights')
      const ahead = random.below((2 * Math.max(0, lastKillBefore - now)) / (consumerKills - nth))
      const row = Math.min(now + ahead, Math.max(now, lastKillBefore))
      await until(
        `${row} flights in the topic (${seeded}): ${flights.stderr()}`,
        async () => (await recordsIn('flights')) >= row,
      )
      await delay(random.below(50))
      const name = analysisNames[random.below(analysisNames.length)] ?? 'aroon'
      const victim = consumers.get(name)
      assert.equal(
        victim?.isOver(),
        false,
        `${name} ended by itself before kill ${nth}: ${victim?.stderr()} (${seeded})`,
      )
      victim?.signal('SIGKILL')
      await victim?.ended
      consumers.set(name, start('analyse', name))
      if ((await recordsIn('flights')) < flightsRows) killsInFlow++
    }
    t.diagnostic(`${killsInFlow} of ${consumerKills} kills while flights flowed`)
    assert.ok(killsInFlow >= consumerKills * 0.75, `the kills came too late (${seeded})`)

    for (const [topic, each] of Object.entries({ flights, prices })) {
      const { code, stderr } = await each.ended
      assert.equal(code, 0, `${topic}: ${stderr} (${seeded})`)
    }
    assert.deepEqual([await recordsIn('flights'), await recordsIn('prices')], [flightsRows, pricesRows], seeded)
    for (const [name, each] of consumers) {
      const { input } = chooseAnalysis(name)
      await until(`${name} to have caught up (${seeded}): ${each.stderr()}`, async () => {
        const committed = await broker.admin.committed(name, input.name)
        return [...committed.values()].reduce((sum, at) => sum + at, 0) === (await recordsIn(input.name))
      })
      await each.stop()
      // The last one killed may be told to stop while it is still starting.
      const { code, signal } = await each.ended
      assert.ok(code === 0 || signal === 'SIGTERM', `${code} ${signal} ${each.stderr()} (${seeded})`)
    }
    for (const name of analysisNames) {
      await printsOf(['analyse', name, '--until-end', '--home', kafka.home])
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
  })

  it('equal a recomputation when a consumer sleeps through its succession, which it then learns and ends', async (t) => {
    const random = createRandom()
    t.diagnostic(`seed ${random.seed}`)
    const seeded = `WINDSOCK_SEED=${random.seed}`
    for (const topic of ['sleep-1', 'sleep-2', 'sleep-3']) {
      const analysis = ['analyse', 'flights-per-day', '--topic', topic] as const
      const { group } = chooseAnalysis('flights-per-day', {}, topic)
      await printsOf(['publish', 'flights', '--file', flightsFile, '--max', '--topic', topic, '--home', kafka.home])
      const sleeper = start(...analysis)
      await until(`first results of ${group}`, async () => (await recordsIn(group)) > 0)
      await delay(random.below(300))
      await stopOutsideOfTransaction(sleeper, join(kafka.home, 'state', `${group}.sqlite`))
      await printsOf([...analysis, '--until-end', '--home', kafka.home])
      assert.equal(await isRunning(sleeper.pid), true, `the sleeper is still there (${seeded})`)
      const state = join(kafka.home, 'state', `${group}.sqlite`)
      const owner = ownerOf(state)
      const successor = start(...analysis)
      await until(`the successor to own the state: ${successor.stderr()}`, () => ownerOf(state) !== owner)
      await delay(random.below(1_000))
      sleeper.signal('SIGCONT')
      const { code, stderr } = await sleeper.ended
      assert.equal(code, 1, `${stderr} (${seeded})`)
      assert.match(stderr, /^windsock: another process took over/m)
      assert.equal(successor.isOver(), false, `the successor works on: ${successor.stderr()} (${seeded})`)
      await successor.stop()
      assert.equal((await successor.ended).code, 0, successor.stderr())
      const live = await printsOf(['results', 'flights-per-day', '--topic', topic, '--home', kafka.home])
      const recomputed = await recompute('flights-per-day', 'json')
      assert.ok(live === recomputed, `round ${topic} differs (${seeded}): ${firstDifference(live, recomputed)}`)
    }
  })
})

/** A process that sleeps within a transaction of its own would hold the lock, and nobody could succeed it. */
async function stopOutsideOfTransaction(running: RunningCommand, path: string): Promise<void> {
  await until('a moment outside of a transaction', async () => {
    running.signal('SIGSTOP')
    await delay(50)
    const database = new DatabaseSync(path, { timeout: 0 })
    try {
      database.exec('begin immediate; rollback')
      return true
    } catch {
      running.signal('SIGCONT')
      await delay(1)
      return false
    } finally {
      database.close()
    }
  })
}

/** Who opened a state last. */
function ownerOf(path: string): unknown {
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
  try {
    return database.prepare("select value from meta where name = 'owner'").get()?.['value']
  } finally {
    database.close()
  }
}

const recomputed = new Map<string, Promise<string>>()

function recompute(name: string, format: string): Promise<string> {
  const { input } = chooseAnalysis(name)
  const known = recomputed.get(`${name} ${format}`)
  const made = known ?? printsOf(['recompute', name, ...(filesOf[input.name] ?? []), '--format', format])
  recomputed.set(`${name} ${format}`, made)
  return made
}

/** Whether it was just starting when there was no broker. */
function isUnlucky(running: RunningCommand): boolean {
  return running.isOver() && /no broker (answers|runs)/.test(running.stderr())
}

/** Kills the broker as a crash does, and starts it again on the same home. */
async function killBroker(kafka: TestKafka): Promise<LocalKafka> {
  for (const pid of kafka.pids) process.kill(pid, 'SIGKILL')
  await until('the broker to be gone', async () => !(await isRunning(kafka.pids[0] ?? 0)))
  return startLocalKafka({
    home: kafka.home,
    cacheDir: defaultCacheDir(process.env),
    logger: silentLogger,
    env: process.env,
  })
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
