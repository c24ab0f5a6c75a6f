import { analysisNames } from '../analyses/all.ts'
import type { Broker } from '../broker/broker.ts'
import type { Clock } from '../foundation/clock.ts'
import { describeError, WindsockError } from '../foundation/errors.ts'
import { type Run, startRun } from '../foundation/run.ts'
import { createFrame } from '../model/frame.ts'
import type { BrokerStatus, LiveTable, LiveUpdate, SystemStatus, TableUpdate } from '../model/live.ts'
import { decodeMessage } from '../model/message.ts'
import { flights } from '../topics/flights.ts'
import { prices } from '../topics/prices.ts'
import { quarantine } from '../topics/quarantine.ts'
import { status } from '../topics/status.ts'
import { followTopic, objectOf } from './follow-topic.ts'
import { LiveRows } from './live-rows.ts'
import { ProcessBoard } from './process-board.ts'
import { TopicMeter } from './topic-meter.ts'

export interface FollowResultsOptions {
  readonly broker: Broker
  readonly clock: Clock
  readonly version: string
  readonly canPlayAgain: boolean
  /** What is known of the processes otherwise; left out, only what they say of themselves. */
  readonly processes?: ProcessBoard
}

/** What pages are fed from: everything that is on the result topics now, and every change from then on. */
export interface LiveFeed {
  readonly run: Run
  /** Everything, for a page that has nothing yet. */
  picture(): LiveUpdate
  /** Calls with every change, at most ten times a second, and at least once a second. Returns the end of it. */
  subscribe(onUpdate: (update: LiveUpdate) => void): () => void
}

const tickMs = 100
const restMs = 1_000
const quarantineKeysMax = 200_000

const tables: readonly LiveTable[] = ['prices', 'bollinger', 'aroon', 'flights-per-day']
const metered = [flights.name, prices.name, ...analysisNames, quarantine.name]

export function followResults(options: FollowResultsOptions): LiveFeed {
  const feed = new Feed(options)
  const run = startRun('dashboard feed', async ({ signal, ready }) => {
    ready()
    await feed.follow(signal)
  })
  return {
    run,
    picture: () => feed.picture(),
    subscribe: (onUpdate) => feed.subscribe(onUpdate),
  }
}

class Feed {
  readonly processes: ProcessBoard
  private readonly options: FollowResultsOptions
  private readonly rows = new Map(tables.map((table) => [table, new LiveRows(table)]))
  private readonly topics = new TopicMeter(metered)
  private readonly quarantined = new Set<string>()
  private readonly listeners = new Set<(update: LiveUpdate) => void>()
  private broker: BrokerStatus
  private mustReset = false

  constructor(options: FollowResultsOptions) {
    this.options = options
    this.processes = options.processes ?? new ProcessBoard(options.clock)
    this.broker = { kind: 'up', address: options.broker.address }
  }

  picture(): LiveUpdate {
    const all = [...this.rows].map(([table, rows]) => [table, rows.all()] as const)
    return this.update(true, Object.fromEntries(all))
  }

  subscribe(onUpdate: (update: LiveUpdate) => void): () => void {
    this.listeners.add(onUpdate)
    return () => this.listeners.delete(onUpdate)
  }

  /** Ends when the signal aborts; what one part throws ends all of them. */
  async follow(stop: AbortSignal): Promise<void> {
    const failed = new AbortController()
    const signal = AbortSignal.any([stop, failed.signal])
    const parts = [
      this.followPrices(signal),
      ...tables.filter((table) => table !== 'prices').map((table) => this.followResult(table, signal)),
      this.followQuarantine(signal),
      this.followStatus(signal),
      this.watchBroker(signal),
      this.tellListeners(signal),
    ]
    try {
      await Promise.all(parts)
    } finally {
      failed.abort()
      await Promise.allSettled(parts)
    }
  }

  private async followPrices(signal: AbortSignal): Promise<void> {
    const rows = this.rowsOf('prices')
    await this.followInto(prices.name, 'earliest', signal, rows, ({ value, timestamp, offset }) => {
      const frame = createFrame(prices.schema, prices.name, 1)
      if (value !== null) decodeMessage(frame, Buffer.from(value).toString(), offset)
      for (let index = 0; index < frame.length; index++) rows.put(frame.rowAt(index), timestamp)
    })
  }

  private async followResult(table: LiveTable, signal: AbortSignal): Promise<void> {
    const rows = this.rowsOf(table)
    await this.followInto(table, 'earliest', signal, rows, (record) => {
      const value = objectOf(record)
      const sentAt = value?.['sentAt']
      if (value !== undefined) rows.put(value, typeof sentAt === 'number' ? sentAt : null)
    })
  }

  private async followQuarantine(signal: AbortSignal): Promise<void> {
    await this.followInto(quarantine.name, 'earliest', signal, this.quarantined, ({ key }) => {
      if (this.quarantined.size < quarantineKeysMax) this.quarantined.add(Buffer.from(key ?? []).toString())
    })
  }

  private async followStatus(signal: AbortSignal): Promise<void> {
    await this.followInto(status.name, 'latest', signal, undefined, (record) => {
      const report = objectOf(record)
      if (report !== undefined) this.processes.hear(report)
    })
  }

  private async followInto(
    topic: string,
    start: 'earliest' | 'latest',
    signal: AbortSignal,
    kept: { clear(): void } | undefined,
    onRecord: Parameters<typeof followTopic>[0]['onRecord'],
  ): Promise<void> {
    await followTopic({
      broker: this.options.broker,
      topic,
      start,
      clock: this.options.clock,
      signal,
      onRecord,
      onReset: () => {
        kept?.clear()
        this.mustReset = true
      },
      onTrouble: (reason) => this.noteTrouble(reason),
    })
  }

  /** Asks for the ends of the topics once a second: their rates, and whether the broker answers. */
  private async watchBroker(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.topics.read(this.options.broker.admin, this.options.clock.now())
        this.noteTrouble(undefined)
      } catch (error) {
        const isAway = error instanceof WindsockError && error.retriable
        this.noteTrouble(isAway ? `no answer from ${this.options.broker.address}` : describeError(error))
      }
      await this.options.clock.sleep(restMs, signal)
    }
  }

  private noteTrouble(reason: string | undefined): void {
    const { address } = this.options.broker
    if (reason === undefined) this.broker = { kind: 'up', address }
    else if (this.broker.kind === 'up') this.broker = { kind: 'down', since: this.options.clock.now(), reason }
  }

  private async tellListeners(signal: AbortSignal): Promise<void> {
    let toldAt = 0
    while (!signal.aborted) {
      await this.options.clock.sleep(tickMs, signal)
      const isRested = this.options.clock.now() - toldAt >= restMs
      const changed = [...this.rows].filter(([, rows]) => rows.hasChanges)
      if (!this.mustReset && changed.length === 0 && !isRested) continue
      toldAt = this.options.clock.now()
      const changes = changed.map(([table, rows]) => [table, rows.takeChanges()] as const)
      const update = this.mustReset ? this.picture() : this.update(false, Object.fromEntries(changes))
      this.mustReset = false
      for (const listener of this.listeners) listener(update)
    }
  }

  private update(full: boolean, updates: Partial<Record<LiveTable, TableUpdate>>): LiveUpdate {
    return { at: this.options.clock.now(), full, tables: updates, system: this.system() }
  }

  private system(): SystemStatus {
    return {
      version: this.options.version,
      broker: this.broker,
      processes: this.processes.views(),
      topics: this.topics.views(this.newestSentAt()),
      quarantined: this.quarantined.size,
      playback: this.processes.playback(),
      canPlayAgain: this.options.canPlayAgain,
    }
  }

  /** When the newest record of each topic was sent, by the topic's name. */
  private newestSentAt(): ReadonlyMap<string, number | null> {
    const newest = new Map<string, number | null>([...this.rows].map(([table, rows]) => [table, rows.newestSentAt]))
    for (const { name, newestSentAt } of this.processes.views()) if (!newest.has(name)) newest.set(name, newestSentAt)
    return newest
  }

  private rowsOf(table: LiveTable): LiveRows {
    const rows = this.rows.get(table)
    if (rows === undefined) throw new TypeError(`no rows are kept of ${table}`)
    return rows
  }
}
