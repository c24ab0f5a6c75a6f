import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { analysisNames, chooseAnalysis } from '../../analyses/all.ts'
import { bundlePage } from '../../dashboard/server/bundle-page.ts'
import { type Dashboard, serveDashboard } from '../../dashboard/server/serve-dashboard.ts'
import { systemClock } from '../../foundation/clock.ts'
import { describeError, systemCode, WindsockError } from '../../foundation/errors.ts'
import { followResults, type LiveFeed } from '../../pipelines/follow-results.ts'
import { flights } from '../../topics/flights.ts'
import { prices } from '../../topics/prices.ts'
import { quarantine } from '../../topics/quarantine.ts'
import { resultTopic } from '../../topics/results.ts'
import { status } from '../../topics/status.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Config } from '../config.ts'
import { homeOf, namedBrokers, stateFolderOf } from '../connect.ts'
import { nodesOption, paceOptions, portOption } from '../option.ts'
import { describeFigures } from '../up/figures.ts'
import { claimHome, type HomeClaim } from '../up/home-claim.ts'
import { Keeper } from '../up/keeper.ts'
import { forgetLocal, openBroker, type UpBroker } from '../up/local-broker.ts'
import { partsOf } from '../up/parts.ts'
import { version } from '../version.ts'

const usualPort = 8642
/** Parts drain within this time, so that the broker still has its own within the five seconds of a stop. */
const partStopMs = 1_500

const groups = analysisNames.map((name) => chooseAnalysis(name).group)
const topics = [flights, prices, quarantine, status, ...groups.map(resultTopic)]

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
  const upBroker = await openBroker(context, step)
  let everything: Everything | undefined
  try {
    step(`broker ready: ${describeBroker(upBroker)}`)
    if (config.flag('fresh') && isNamed) await forgetOnCluster(config, upBroker)
    await upBroker.broker.admin.ensureTopics(topics)
    step(`topics ready: ${topics.map(({ name }) => name).join(', ')}`)
    everything = new Everything(context, upBroker, claim, step)
    everything.keeper.start()
    await page
    const dashboard = await everything.serve(pageFolder)
    step(`started ${everything.describeParts()}`)
    context.say(`\n  ${dashboard.url}\n`)
    await everything.showFigures(signal)
  } finally {
    await everything?.stop()
    await upBroker.stop()
  }
}

/** All that runs besides the broker. */
class Everything {
  readonly keeper: Keeper
  private readonly context: CommandContext
  private readonly upBroker: UpBroker
  private readonly claim: HomeClaim
  private readonly step: (text: string) => void
  private readonly feed: LiveFeed
  private dashboard: Dashboard | undefined
  private beginning: Promise<void> | undefined

  constructor(context: CommandContext, upBroker: UpBroker, claim: HomeClaim, step: (text: string) => void) {
    this.context = context
    this.upBroker = upBroker
    this.claim = claim
    this.step = step
    const { broker, isOurs } = upBroker
    this.feed = followResults({ broker, clock: systemClock, version, canPlayAgain: isOurs })
    this.feed.run.done.catch((error: unknown) => step(`the dashboard has no data: ${describeError(error)}`))
    this.keeper = new Keeper(partsOf(context.config, broker), this.feed.processes, step, () => this.note())
    upBroker.onRestart = () => this.note()
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
    this.note()
    return this.dashboard
  }

  describeParts(): string {
    const pids = [...this.keeper.pids()].map(([name, pid]) => `${name} (${pid})`)
    return pids.length === 0 ? 'sources and analyses in this process' : pids.join(', ')
  }

  /** Writes who runs here, for scripts and for whoever finds the processes. */
  private note(): void {
    if (this.dashboard === undefined) return
    const { url } = this.dashboard
    const parts = Object.fromEntries(this.keeper.pids())
    this.claim.note({
      pid: process.pid,
      url,
      brokers: this.upBroker.broker.address,
      broker: this.upBroker.pids(),
      parts,
    })
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

  async stop(): Promise<void> {
    this.step('draining')
    await this.beginning
    await this.keeper.stop(partStopMs)
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
    await this.keeper.stop(partStopMs)
    const { broker } = this.upBroker
    await broker.admin.deleteTopics(topics.map(({ name }) => name))
    await broker.admin.deleteGroups(groups)
    await rm(stateFolderOf(this.context.config), { recursive: true, force: true })
    await broker.admin.ensureTopics(topics)
    this.feed.processes.clear()
    this.keeper.start()
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
  await rm(stateFolderOf(config), { recursive: true, force: true })
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
