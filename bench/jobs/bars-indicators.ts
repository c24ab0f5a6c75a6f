import type { OutgoingRecord } from '../../src/broker/broker.ts'
import { barSchema } from '../../src/model/bar.ts'
import { createFrame } from '../../src/model/frame.ts'
import { encodeRow } from '../../src/model/message.ts'
import { stateTopic } from '../../src/topics/state.ts'
import type { BarsTask, Engine } from '../engine.ts'
import { type BarHistory, createBarHistory, dateOfBar } from '../truth/bar-history.ts'
import { createAroon, createBollinger, IndicatorCheck, resultCountOf } from '../truth/indicators.ts'
import { type JobPlace, type PreparedJob, spansOf } from './job.ts'
import { readTopic } from './read-topic.ts'

/** Other engines add and divide in an order of their own. */
const foreignTolerance = 1e-9

/** How long the results that a run says it has sent may stay away. */
const resultsWithinMs = 120_000

/** Fills a topic with bars of 400 symbols, day by day, and knows what both indicators of each bar are. */
export async function prepareBarsIndicators(
  place: JobPlace,
  options: { readonly topic: string; readonly bars: number },
): Promise<PreparedJob> {
  const { broker, brokers, signal } = place
  const { topic } = options
  const history = createBarHistory(options.bars)
  await broker.admin.ensureTopics([{ name: topic, partitions: 4, cleanup: 'delete', retentionMs: -1 }])
  const publisher = broker.openPublisher('bench')
  for (let bar = 0; bar < history.barsPerSymbol; bar += daysPerSend) {
    signal.throwIfAborted()
    await publisher.send(topic, recordsOfDays(history, bar, Math.min(bar + daysPerSend, history.barsPerSymbol)))
  }
  await publisher.close()
  const spans = await spansOf(broker, topic)
  const indicators = [createBollinger(history), createAroon(history)] as const
  const resultCount = indicators.reduce((sum, indicator) => sum + resultCountOf(history, indicator), 0)

  return {
    name: 'bars-indicators',
    records: history.symbols.length * history.barsPerSymbol,
    spans,
    async createTask(run, engine): Promise<BarsTask> {
      const results = { bollinger: `bollinger-${run.id}`, aroon: `aroon-${run.id}` }
      await broker.admin.ensureTopics(Object.values(results).map((name) => resultTopicOf(engine, name)))
      const process = { index: 0, of: 1 }
      return { ...run, job: 'bars-indicators', brokers, topic, spans, process, results, resultCount }
    },
    async findFault(task, reports, engine) {
      if (task.job !== 'bars-indicators') throw new Error(`${task.job} is another job`)
      const tolerance = engine.isBitExact === true ? 0 : foreignTolerance
      const withinTime = AbortSignal.any([signal, AbortSignal.timeout(resultsWithinMs)])
      for (const indicator of indicators) {
        const check = new IndicatorCheck(history, indicator, tolerance)
        const name = task.results[indicator.name]
        const ends = (await spansOf(broker, name)).map(({ to }) => to)
        const onRecord = (value: Buffer | null): void => check.take(JSON.parse(String(value)))
        await readTopic({ brokers, topic: name, isolation: 'committed', signal: withinTime, ends, onRecord })
        const fault = check.findFault()
        if (fault !== undefined) return fault
      }
      await broker.admin.deleteTopics(Object.values(task.results).flatMap((name) => [name, stateTopic(name, 4).name]))
      return undefined
    },
  }
}

const daysPerSend = 10

function recordsOfDays(history: BarHistory, from: number, to: number): OutgoingRecord[] {
  const { symbols, barsPerSymbol } = history
  const frame = createFrame(barSchema, 'bench', symbols.length * (to - from))
  for (let bar = from; bar < to; bar++) {
    const date = dateOfBar(bar)
    symbols.forEach((symbol, code) => {
      const at = code * barsPerSymbol + bar
      const close = history.closes[at]
      const bars = {
        Date: date,
        Open: history.opens[at],
        High: history.highs[at],
        Low: history.lows[at],
        Close: close,
        'Adj Close': close,
        Volume: history.volumes[at],
        Label: symbol,
      }
      frame.addRecord(bars, at, () => JSON.stringify(bars))
    })
  }
  const [refusal] = frame.refusals
  if (refusal !== undefined) throw new Error(`a bar of the bench is refused: ${refusal.reason}`)
  return Array.from({ length: frame.length }, (_, index) => ({
    key: String(frame.cellAt('symbol', index)),
    value: encodeRow(frame, index, 1_420_070_400.123),
  }))
}

function resultTopicOf(engine: Engine, name: string) {
  return engine.resultTopic?.(name) ?? { name, partitions: 4, cleanup: 'delete' as const, retentionMs: -1 }
}
