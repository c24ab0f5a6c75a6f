import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { analysisNames, chooseAnalysis } from '../../analyses/all.ts'
import { bundlePage } from '../../dashboard/server/bundle-page.ts'
import { type Dashboard, serveDashboard } from '../../dashboard/server/serve-dashboard.ts'
import { systemClock } from '../../foundation/clock.ts'
import { describeError, systemCode, WindsockError } from '../../foundation/errors.ts'
import { followResults, type LiveFeed } from '../../pipelines/follow-results.ts'
import { ProcessBoard } from '../../pipelines/process-board.ts'
import { flights } from '../../topics/flights.ts'
import { prices } from '../../topics/prices.ts'
import { quarantine } from '../../topics/quarantine.ts'
import { resultTopic } from '../../topics/results.ts'
import { stateTopic } from '../../topics/state.ts'
import { status } from '../../topics/status.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Config } from '../config.ts'
import { homeOf, namedBrokers } from '../connect.ts'
import { nodesOption, paceOptions, portOption } from '../option.ts'
import { describeFigures } from '../up/figures.ts'
import { claimHome, type HomeClaim, type HomeNote } from '../up/home-claim.ts'
import { Keeper } from '../up/keeper.ts'
import { forgetLocal, openBroker, type UpBroker } from '../up/local-broker.ts'
import type { Part } from '../up/part.ts'
import { partsOf } from '../up/parts.ts'
import { version } from '../version.ts'

const usualPort = 8642
/** Parts drain within this time, so that the broker still has its own within the five seconds of a stop. */
const partStopMs = 1_500

const groups = analysisNames.map((name) => chooseAnalysis(name).group)
const topics = [
  flights,
  prices,
  quarantine,
  status,
  ...groups.map(resultTopic),
  ...analysisNames.map((name) => chooseAnalysis(name)).map(({ group, input }) => stateTopic(group, input.partitions)),
]

export const up: Command = {
  name: 'up',
  summary: 'Start everything: broker, topics, sources, analyses and the dashboard.',
  usage: [
    'windsock up [--fresh] [--port N] [--nodes 1|3] [--flights F …] [--prices F …] [--rate N | --speed X | --max]',
  ],
  options: [
    {
      name: 'fresh',
      type: 'flag',
      help: 'begin anew instead of going on: the local broker’s data and all state are deleted',
    },
    { name: 'yes', type: 'flag', help: 'with --fresh and --brokers: yes, delete Windsock’s topics on that cluster' },
    portOption,
    nodesOption,
    { name: 'flights', type: 'list', placeholder: 'FILE', help: 'flights of yours instead of the demonstration’s' },
    { name: 'prices', type: 'list', placeholder: 'FILE', help: 'prices of yours instead of the demonstration’s' },
    ...paceOptions,
  ],
  examples: [
    'windsock up',
    'windsock up --fresh --port 9000',
    'windsock up --prices AAPL.csv --rate 5',
    'windsock up --broker memory',
  ],
  run: startEverything,
}

async function startEverything(context: CommandContext): Promise<void> {
  const home = homeOf(context.config)
  const step = createSteps(context.say)
  step(`windsock ${version}, node ${process.versions.node}, home ${home}`)
  await prepareHome(home)
  const claim = claimHome(home)
  try {
    await keepEverything(context, home, claim, step)
  } finally {
    claim.release()
    step('stopped')
  }
}

async function keepEverything(
  context: CommandContext,
  home: string,
  claim: HomeClaim,
  step: (text: string) => void,
): Promise<void> {
  const { config, signal } = context
  const isNamed = namedBrokers(config) !== undefined
  if (config.flag('fresh') && !isNamed && config.text('broker') !== 'memory') {
    await forgetLocal(home, step)
    step('everything of the last run is forgotten')
  }
  const pageFolder = join(home, 'page')
  const page = bundlePage(pageFolder)
  page.catch(() => {}) // seen below
  const parts = new Parts(claim, step)
  let upBroker: UpBroker | undefined
  let everything: Everything | undefined
  try {
    upBroker = await openBroker(context, step)
    step(`broker ready: ${describeBroker(upBroker)}`)
    if (config.flag('fresh') && isNamed) await forgetOnCluster(config, upBroker)
    await upBroker.broker.admin.ensureTopics(topics)
    step(`topics ready: ${topics.map(({ name }) => name).join(', ')}`)
    everything = new Everything(context, upBroker, parts, step)
    parts.start(partsOf(config, upBroker.broker))
    await page
    const dashboard = await everything.serve(pageFolder)
    step(`starting ${parts.describe()}`)
    context.say(`\n  ${dashboard.url}\n`)
    await everything.showFigures(signal)
  } finally {
    step('draining')
    await everything?.finishBeginning()
    await parts.stop()
    await everything?.stop()
    await upBroker?.stop()
  }
}

/** The sources and analyses, what is known of them, and the note of who runs here. */
class Parts {
  readonly board = new ProcessBoard(systemClock)
  private readonly claim: HomeClaim
  private readonly step: (text: string) => void
  private keeper: Keeper | undefined
  private noted: Pick<HomeNote, 'url' | 'brokers'> & { broker: () => readonly number[] } = {
    url: null,
    brokers: '',
    broker: () => [],
  }

  constructor(claim: HomeClaim, step: (text: string) => void) {
    this.claim = claim
    this.step = step
  }

  start(parts: readonly Part[]): void {
    this.keeper = new Keeper(parts, this.board, this.step, () => this.note())
    this.keeper.start()
  }

  restart(): void {
    this.board.clear()
    this.keeper?.start()
  }

  async stop(): Promise<void> {
    await this.keeper?.stop(partStopMs)
  }

  describe(): string {
    return this.board
      .views()
      .map(({ name }) => name)
      .join(', ')
  }

  /** Writes who runs here, for scripts and for whoever finds the processes. */
  note(changed: Partial<typeof this.noted> = {}): void {
    this.noted = { ...this.noted, ...changed }
    const parts = Object.fromEntries(this.keeper?.pids() ?? [])
    this.claim.note({ pid: process.pid, ...this.noted, broker: this.noted.broker(), parts })
  }
}

/** The dashboard, and the broker behind it. */
class Everything {
  private readonly context: CommandContext
  private readonly upBroker: UpBroker
  private readonly parts: Parts
  private readonly step: (text: string) => void
  private readonly feed: LiveFeed
  private dashboard: Dashboard | undefined
  private beginning: Promise<void> | undefined

  constructor(context: CommandContext, upBroker: UpBroker, parts: Parts, step: (text: string) => void) {
    this.context = context
    this.upBroker = upBroker
    this.parts = parts
    this.step = step
    const { broker, isOurs, pids } = upBroker
    this.feed = followResults({ broker, clock: systemClock, version, canPlayAgain: isOurs, processes: parts.board })
    this.feed.run.done.catch((error: unknown) => step(`the dashboard has no data: ${describeError(error)}`))
    parts.note({ brokers: broker.address, broker: pids })
    upBroker.onRestart = () => parts.note()
  }

  async serve(pageFolder: string): Promise<Dashboard> {
    const wanted = this.context.config.number('port')
    const serveOn = (port: number): Promise<Dashboard> =>
      serveDashboard({
        feed: this.feed,
        pageFolder,
        port,
        ...(this.upBroker.isOurs ? { playAgain: () => this.playAgain() } : {}),
      })
    try {
      this.dashboard = await serveOn(wanted ?? usualPort)
    } catch (error) {
      const isUsualTaken = wanted === undefined && error instanceof WindsockError && error.code === 'port-in-use'
      if (!isUsualTaken) throw error
      this.step(`port ${usualPort} is in use, a free one is taken`)
      this.dashboard = await serveOn(0)
    }
    this.parts.note({ url: this.dashboard.url })
    return this.dashboard
  }

  async showFigures(signal: AbortSignal): Promise<void> {
    const isTerminal = process.stderr.isTTY
    const everyMs = isTerminal ? 1_000 : 10_000
    while (!signal.aborted) {
      await systemClock.sleep(everyMs, signal)
      if (signal.aborted) break
      const line = describeFigures(this.feed.picture().system)
      if (isTerminal) process.stderr.write(`\r\u001b[K  ${line}`)
      else this.step(line)
    }
    if (isTerminal) process.stderr.write('\n')
  }

  /** Waits for a beginning anew that is under way. */
  async finishBeginning(): Promise<void> {
    await this.beginning
  }

  async stop(): Promise<void> {
    await this.dashboard?.close()
    await this.feed.run.stop().catch(() => {})
  }

  /** Begins the recorded data anew, while the page looks on. */
  private playAgain(): void {
    this.beginning ??= this.beginAnew()
      .catch((error: unknown) => this.step(`playing again failed: ${String(error)}`))
      .finally(() => {
        this.beginning = undefined
      })
  }

  private async beginAnew(): Promise<void> {
    this.step('playing everything again')
    await this.parts.stop()
    const { broker } = this.upBroker
    await broker.admin.deleteTopics(topics.map(({ name }) => name))
    await broker.admin.deleteGroups(groups)
    await broker.admin.ensureTopics(topics)
    this.parts.restart()
  }
}

async function prepareHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true })
  } catch (error) {
    throw new WindsockError('config', `the folder ${home} cannot be made (${systemCode(error) ?? String(error)})`, {
      hint: 'Name another with --home DIR',
      cause: error,
    })
  }
}

async function forgetOnCluster(config: Config, { broker }: UpBroker): Promise<void> {
  const names = topics.map(({ name }) => name)
  if (!config.flag('yes')) {
    throw new WindsockError('usage', `--fresh would delete the topics ${names.join(', ')} at ${broker.address}`, {
      hint: 'If that is wanted, add --yes',
    })
  }
  await broker.admin.deleteTopics(names)
  await broker.admin.deleteGroups(groups)
}

function describeBroker({ broker, pids }: UpBroker): string {
  if (broker.kind === 'memory') return 'the in-process log, nothing is kept'
  const processes = pids().length === 0 ? '' : ` (${pids().join(', ')})`
  return `Kafka at ${broker.address}${processes}`
}

/** One readable line a step, with the time since the start. */
function createSteps(say: (text: string) => void): (text: string) => void {
  const startedAt = performance.now()
  return (text) => {
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    say(`${seconds.padStart(6)} s  ${text.trimEnd()}`)
  }
}
