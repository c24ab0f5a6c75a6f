import { analysisNames, chooseAnalysis } from '../../analyses/all.ts'
import type { Broker } from '../../broker/broker.ts'
import type { Pace } from '../../sources/pace.ts'
import { flights } from '../../topics/flights.ts'
import { prices } from '../../topics/prices.ts'
import type { Config } from '../config.ts'
import { homeOf } from '../connect.ts'
import { chooseSource, countRows, readPace } from '../sources.ts'
import { doAnalyse, doPublish } from '../work.ts'
import { demonstrationFlights, demonstrationPrices, type Feed } from './demonstration.ts'
import { localPart } from './local-part.ts'
import type { Part } from './part.ts'
import { processPart } from './process-part.ts'

/** Rows a second of files that the user named, where no pace was. */
const ownFilesRate = 200

/**
 * The sources and analyses of `up`: each a process of its own, or with the in-process log all in this one. In the order in
 * which they are to be started: what the first chart needs comes first.
 */
export function partsOf(config: Config, broker: Broker): Part[] {
  const feeds = [
    { name: prices.name, feed: feedOf(config, prices.name, demonstrationPrices) },
    { name: flights.name, feed: feedOf(config, flights.name, demonstrationFlights) },
  ]
  const common = ['--home', homeOf(config), '--brokers', broker.address]
  const sources = feeds.map(({ name, feed }) => {
    const part = { name, role: 'source' as const }
    const pace = readPace(config, { kind: 'rate', perSecond: feed.rate })
    if (broker.kind === 'memory') return localPart(part, (signal) => publishHere(broker, name, feed, pace, signal))
    const files = feed.files.flatMap((file) => ['--file', file])
    const history = ['--history', String(feed.history), '--resume']
    return processPart(part, ['publish', name, ...files, ...history, ...paceArgs(pace), ...common], homeOf(config))
  })
  const analyses = analysisNames.map((name) => {
    const part = { name, role: 'analysis' as const }
    if (broker.kind === 'memory') return localPart(part, (signal) => analyseHere(broker, name, signal))
    return processPart(part, ['analyse', name, ...common], homeOf(config))
  })
  const [firstSource, ...otherSources] = sources
  return [...(firstSource === undefined ? [] : [firstSource]), ...analyses, ...otherSources]
}

function feedOf(config: Config, option: string, demonstration: () => Feed): Feed {
  const files = config.list(option)
  return files.length === 0 ? demonstration() : { files, rate: ownFilesRate, history: 0 }
}

function paceArgs(pace: Pace): string[] {
  switch (pace.kind) {
    case 'max':
      return ['--max']
    case 'rate':
      return ['--rate', String(pace.perSecond)]
    case 'speed':
      return ['--speed', String(pace.times)]
  }
}

async function publishHere(broker: Broker, name: string, feed: Feed, pace: Pace, signal: AbortSignal): Promise<void> {
  const chosen = await chooseSource(name, feed.files, undefined)
  const over = new AbortController()
  const rows = countRows(name, feed.files, undefined, over.signal)
  try {
    await doPublish(broker, { ...chosen, pace, history: feed.history, resume: true, playback: 'replay', rows }, signal)
  } finally {
    over.abort()
  }
}

async function analyseHere(broker: Broker, name: string, signal: AbortSignal): Promise<void> {
  await doAnalyse(broker, { analysis: chooseAnalysis(name), untilEnd: false }, signal)
}
