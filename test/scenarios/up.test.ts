import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it, type TestContext } from 'node:test'
import type { IncomingRecord } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import type { HomeNote } from '../../src/cli/up/home-claim.ts'
import type { LiveTable } from '../../src/model/live.ts'
import { type LivePage, openLivePage } from '../support/live-page.ts'
import { withoutKafka } from '../support/local-kafka.ts'
import { flightsRows, runCommand, type RunningCommand, startCommand } from '../support/run-windsock.ts'
import { isRunning, until } from '../support/until.ts'

const tables: readonly LiveTable[] = ['prices', 'bollinger', 'aroon', 'flights-per-day']
const partNames = ['aroon', 'bollinger', 'flights', 'flights-per-day', 'prices']
/** The five seconds, and one for a machine that has other things to do. */
const stopMsMax = 6_000

describe('windsock up', { skip: withoutKafka }, () => {
  let home: string
  let up: RunningCommand
  let page: LivePage
  const everStarted = new Set<number>()

  before(async () => {
    home = await mkdtemp(join(tmpdir(), 'windsock-up-'))
    up = start()
    page = await openLivePage(await addressOf(up))
  })
  after(async () => {
    await page.close()
    await up.stop()
    await runCommand(['broker', 'stop', '--home', home])
    const left = await running([...everStarted])
    for (const pid of left) process.kill(pid, 'SIGKILL')
    await rm(home, { recursive: true, force: true })
    assert.deepEqual(left, [], 'no process is left in the end')
  })

  const start = (...args: string[]): RunningCommand => startCommand(['up', '--home', home, '--port', '0', ...args])
  const readNote = async (): Promise<HomeNote> => {
    const note: HomeNote = JSON.parse(await readFile(join(home, 'up.json'), 'utf8'))
    for (const pid of [note.pid, ...note.broker, ...Object.values(note.parts)]) everStarted.add(pid)
    return note
  }
  /** Waits until rows of all tables have arrived from now on: the whole way is open. */
  const untilDataFlows = async (t: TestContext, what: string): Promise<void> => {
    const from = page.updates.length
    const startedAt = performance.now()
    for (const table of tables) {
      await until(`rows of ${table} ${what}:\n${up.stderr()}`, () => page.rowsOf(table, from) > 0)
    }
    t.diagnostic(`data of all tables ${what} within ${seconds(performance.now() - startedAt)}`)
  }

  it('prints its steps with their times, then the address, and notes who runs', async () => {
    const lines = up.stderr().split('\n')
    for (const step of [
      /windsock \d/,
      /broker ready: Kafka at 127\.0\.0\.1:\d+ \(\d+\)/,
      /topics ready: flights,/,
      /starting /,
    ]) {
      const line = lines.find((each) => step.test(each))
      assert.match(line ?? `nothing says ${String(step)}`, /^ +\d+\.\d s {2}/)
    }
    await until('all parts are started', async () => Object.keys((await readNote()).parts).length === partNames.length)
    const note = await readNote()
    assert.equal(note.pid, up.pid)
    assert.equal(note.url, /^ {2}(http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(up.stderr())?.[1])
    assert.deepEqual(Object.keys(note.parts).toSorted(), partNames)
    assert.deepEqual(await running([...note.broker, ...Object.values(note.parts)]), [
      ...note.broker,
      ...Object.values(note.parts),
    ])
  })

  it('serves the page and data of all four tables', async (t) => {
    const response = await fetch((await readNote()).url ?? '')
    assert.equal(response.status, 200)
    assert.match(await response.text(), /<html/i)
    await untilDataFlows(t, 'arrive')
    assert.ok(page.updates[0]?.full)
    await until(
      'five running processes',
      () => page.system().processes.filter(({ state }) => state === 'running').length === 5,
    )
    assert.deepEqual(
      page
        .system()
        .processes.map(({ name }) => name)
        .toSorted(),
      partNames,
    )
    assert.equal(page.system().broker.kind, 'up')
    assert.equal(page.system().playback, 'replay')
  })

  it('is refused a second time on the same home, and the first goes on', async () => {
    const note = await readNote()
    for (const args of [[], ['--fresh'], ['--broker', 'memory']]) {
      const { code, stderr } = await runCommand(['up', '--home', home, '--port', '0', ...args])
      assert.equal(code, 1, stderr)
      const last = stderr.trimEnd().split('\n').at(-1) ?? ''
      assert.equal(
        last,
        `windsock: windsock up runs from ${home} already (process ${up.pid}, at ${note.url}). ` +
          'Stop it first, or choose another home with --home DIR',
      )
      assert.doesNotMatch(stderr, /^ {4}at /m)
    }
    assert.deepEqual(await readNote(), note)
    assert.equal(up.isOver(), false)
  })

  it('starts an analysis that was killed again, and says so meanwhile', async (t) => {
    const pid = (await readNote()).parts['aroon'] ?? 0
    const from = page.updates.length
    process.kill(pid, 'SIGKILL')
    const killedAt = performance.now()
    const states = (): string[] =>
      page.updates
        .slice(from)
        .map(({ system }) => system.processes.find(({ name }) => name === 'aroon')?.state ?? 'none')
    await until('aroon to be told as failed', () => states().includes('failed'))
    const told = page.updates
      .slice(from)
      .flatMap(({ system }) => system.processes)
      .find(({ name, state }) => name === 'aroon' && state === 'failed')
    assert.match(told?.note ?? '', /was ended by SIGKILL; starts again in \d\.\d s/)
    await until('aroon to run again', () => states().at(-1) === 'running')
    t.diagnostic(`running again after ${seconds(performance.now() - killedAt)}`)
    assert.ok(states().includes('starting'))
    const again = (await readNote()).parts['aroon'] ?? 0
    assert.notEqual(again, pid)
    assert.equal(await isRunning(again), true)
    await untilDataFlows(t, 'arrive again')
  })

  it('starts a broker that was killed again, says that it is down meanwhile, and data flow again', async (t) => {
    const { broker, brokers } = await readNote()
    for (const pid of broker) process.kill(pid, 'SIGKILL')
    const killedAt = performance.now()
    await until('the broker to be told as down', () => page.system().broker.kind === 'down')
    await until('the broker to be told as up', () => page.system().broker.kind === 'up')
    t.diagnostic(`broker up again after ${seconds(performance.now() - killedAt)}`)
    const again = await until('up.json to name the new broker', async () => {
      const note = await readNote()
      return note.broker.length > 0 && note.broker[0] !== broker[0] && note
    })
    assert.equal(again.brokers, brokers)
    await untilDataFlows(t, 'arrive from the new broker')
    t.diagnostic(`data flow again after ${seconds(performance.now() - killedAt)}`)
  })

  it('stops within 5 s of SIGTERM, with exit code 0 and no process left', async (t) => {
    const note = await readNote()
    const pids = [...new Set([...note.broker, ...Object.values(note.parts), ...(await childrenOf(up.pid))])]
    assert.ok(pids.length >= 6)
    const stopMs = await up.stop()
    t.diagnostic(`stopped in ${seconds(stopMs)}`)
    assert.equal((await up.ended).code, 0, up.stderr())
    assert.ok(stopMs < stopMsMax, `${stopMs} ms`)
    assert.deepEqual(await running(pids), [])
    assert.match(up.stderr(), /draining\n(.*\n)*.*stopped\n$/)
    await page.close()
  })

  it('goes on where it was when it is started again', async (t) => {
    up = start()
    page = await openLivePage(await addressOf(up))
    const { brokers } = await readNote()
    const earlier = await recordsOf(brokers, 'flights')
    await untilDataFlows(t, 'arrive after the restart')
    const rows = await until('more flights than before', async () => {
      const found = await recordsOf(brokers, 'flights')
      return found.length > earlier.length && found
    })
    expectOnce(rows)
  })

  it('leaves no sources and analyses behind when it is killed itself, and adopts the broker then', async (t) => {
    const note = await readNote()
    up.signal('SIGKILL')
    const killedAt = performance.now()
    await up.ended
    await page.close()
    await until('the parts to end by themselves', async () => (await running(Object.values(note.parts))).length === 0)
    t.diagnostic(`parts ended after ${seconds(performance.now() - killedAt)}`)
    assert.deepEqual(await running(note.broker), note.broker)
    up = start()
    page = await openLivePage(await addressOf(up))
    const next = await readNote()
    assert.equal(next.pid, up.pid)
    assert.deepEqual(next.broker, note.broker)
    await untilDataFlows(t, 'arrive from the adopted broker')
    expectOnce(await recordsOf(next.brokers, 'flights'))
  })

  it('leaves no sources and analyses behind when it is killed together with the broker', async (t) => {
    const note = await readNote()
    up.signal('SIGSTOP') // so that it does not see the broker die
    for (const pid of note.broker) process.kill(pid, 'SIGKILL')
    up.signal('SIGKILL')
    await up.ended
    await page.close()
    await until('the parts to end by themselves', async () => (await running(Object.values(note.parts))).length === 0)
    up = start()
    page = await openLivePage(await addressOf(up))
    await untilDataFlows(t, 'arrive from a new broker')
    expectOnce(await recordsOf((await readNote()).brokers, 'flights'))
  })

  it('begins anew with --fresh', async (t) => {
    const idOf = async (): Promise<string> =>
      withBroker((await readNote()).brokers, async ({ admin }) => (await admin.describeTopic('flights')).id)
    const earlier = await idOf()
    await up.stop()
    await page.close()
    up = start('--fresh')
    page = await openLivePage(await addressOf(up))
    await untilDataFlows(t, 'arrive anew')
    assert.notEqual(await idOf(), earlier)
    const rows = await recordsOf((await readNote()).brokers, 'flights')
    expectOnce(rows)
    assert.ok(rows.some(({ headers }) => headers.get('windsock-row')?.endsWith('#0')))
  })

  it('ends in order when it is told to while it is still starting', async (t) => {
    await up.stop()
    await page.close()
    up = start()
    await until('its first words', () => up.stderr().includes('windsock'))
    const stopMs = await up.stop()
    t.diagnostic(`stopped in ${seconds(stopMs)}`)
    const { code, stderr } = await up.ended
    assert.equal(code, 0, stderr)
    assert.match(stderr, /stopped\n$/)
    const status = await runCommand(['broker', 'status', '--home', home])
    assert.match(status.stdout, /^stopped: /)
  })
})

async function addressOf(up: RunningCommand): Promise<string> {
  return until(`the address of the page`, () => {
    if (up.isOver()) throw new Error(`windsock up ended:\n${up.stderr()}`)
    return /http:\/\/127\.0\.0\.1:\d+\//.exec(up.stderr())?.[0]
  })
}

async function running(pids: readonly number[]): Promise<number[]> {
  const states = await Promise.all(pids.map(isRunning))
  return pids.filter((_, index) => states[index])
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

async function withBroker<T>(
  brokers: string,
  work: (broker: ReturnType<typeof createKafkaBroker>) => Promise<T>,
): Promise<T> {
  const broker = createKafkaBroker({ brokers: brokers.split(',') })
  try {
    return await work(broker)
  } finally {
    await broker.close()
  }
}

async function recordsOf(brokers: string, topic: string): Promise<IncomingRecord[]> {
  return withBroker(brokers, async (broker) => {
    const { partitions } = await broker.admin.describeTopic(topic)
    const ends = new Map(partitions.map(({ partition, end }) => [partition, end]))
    const reader = broker.openReader({ topic, start: 'earliest', until: ends, signal: AbortSignal.timeout(60_000) })
    const records: IncomingRecord[] = []
    for await (const batch of reader) records.push(...batch.records)
    return records
  })
}

/** Every row of the source is there at most once, and none from elsewhere. */
function expectOnce(records: readonly IncomingRecord[]): void {
  const marks = records.map(({ headers }) => headers.get('windsock-row') ?? 'none')
  assert.equal(new Set(marks).size, marks.length, 'a row was sent twice')
  assert.ok(marks.length > 0 && marks.length <= flightsRows)
  assert.equal(marks.includes('none'), false)
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}
