/** This engine: our reader, our decoder, our fold; for the bars the whole pipeline, with its states and transactions. */
import { type ChosenAnalysis, chooseAnalysis } from '../../src/analyses/all.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { openDecoder } from '../../src/codecs/json/json-codec.ts'
import { Folding } from '../../src/pipelines/folding.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { type BarsTask, type DrainTask, type Engine, type PartitionSpan, type Report, shareOf } from '../engine.ts'
import { epochMs } from '../process/clock.ts'
import { nodeCommand, smallYoungGeneration } from '../process/node-command.ts'
import { serveTask } from '../process/serve-task.ts'

export const windsock: Engine = {
  name: 'windsock',
  variants: {
    'flights-drain': [
      { mode: 'checked', processes: 1 },
      { mode: 'checked', processes: 2 },
      { mode: 'early-stop', processes: 1 },
      { mode: 'early-stop', processes: 2 },
    ],
    'bars-indicators': [
      { mode: 'checked', processes: 1 },
      { mode: 'checked', processes: 2 },
    ],
  },
  resultTopic,
  isBitExact: true,
  prepare: async () => ({ command: (task) => nodeCommand(import.meta.url, task, { flags: [smallYoungGeneration] }) }),
}

async function drain(task: DrainTask): Promise<Report> {
  const broker = createKafkaBroker({ brokers: task.brokers })
  if (task.warmUp !== undefined) await drainSpans(broker, task, task.warmUp)
  const report = await drainSpans(broker, task, shareOf(task))
  await broker.close()
  return report
}

async function drainSpans(broker: Broker, task: DrainTask, spans: readonly PartitionSpan[]): Promise<Report> {
  const analysis = chooseAnalysis('flights-per-day', {}, task.topic)
  const { schema } = analysis.input
  const decoder = openDecoder({ schema, reads: analysis.reads, mode: toDecoderMode(task.mode) })
  const folding = new Folding(analysis)
  const troubled = new AbortController()
  const reader = broker.openReader({
    topic: task.topic,
    partitions: 'assigned',
    start: new Map(spans.map(({ partition, from: start }) => [partition, start])),
    until: new Map(spans.map(({ partition, to: end }) => [partition, end])),
    memory: decoder.memory,
    signal: troubled.signal,
    // It would wait for better times; here there is nothing to wait for.
    onTrouble: (reason) => reason === undefined || troubled.abort(new Error(`the reader is in trouble: ${reason}`)),
  })
  let from = 0
  let records = 0
  for await (const batch of reader) {
    if (from === 0) from = epochMs()
    for (const frame of decoder.decode(batch.packed, `${batch.topic}/${batch.partition}`)) {
      const refusals = [...frame.refusals, ...folding.take(frame)]
      if (refusals[0] !== undefined) throw new Error(`a record is refused: ${refusals[0].reason}`)
      records += frame.length
    }
  }
  troubled.signal.throwIfAborted()
  const results = folding.takeUpserts().map(({ result }) => result)
  const to = epochMs()
  await reader.close()
  decoder.close()
  const counts = results.map(({ airline, day, flights }) => [`${airline} ${day}`, Number(flights)] as const)
  return { from, to, records, counts: Object.fromEntries(counts) }
}

function toDecoderMode(mode: string): 'checked' | 'early-stop' {
  if (mode !== 'checked' && mode !== 'early-stop') throw new Error(`windsock has no mode ${mode}`)
  return mode
}

/** Both analyses in one process, or each in one of its own, as `windsock up` runs them. */
async function indicators(task: BarsTask): Promise<Report> {
  const started: number[] = []
  const chosen = [
    as(task.results.bollinger, chooseAnalysis('bollinger', {}, task.topic)),
    as(task.results.aroon, chooseAnalysis('aroon', { period: '25' }, task.topic)),
  ]
  const mine = chosen.filter((_, index) => index % task.process.of === task.process.index)
  const broker = createKafkaBroker({ brokers: task.brokers })
  await broker.admin.ensureTopics([quarantine])
  const progress = await Promise.all(
    mine.map((analysis) =>
      runAnalysis({
        broker: tellingFirst(broker, task.topic, () => started.push(epochMs())),
        analysis,
        untilEnd: true,
        signal: new AbortController().signal,
      }),
    ),
  )
  const to = epochMs()
  await broker.close()
  return { from: Math.min(...started), to, records: Math.max(...progress.map(({ records }) => records)) }
}

function as(group: string, analysis: ChosenAnalysis): ChosenAnalysis {
  return { ...analysis, group, output: resultTopic(group) }
}

/** The same broker, which says when a reader of a topic has its first batch. */
function tellingFirst(broker: Broker, topic: string, onFirst: () => void): Broker {
  return {
    ...broker,
    openReader(options) {
      const reader = broker.openReader(options)
      if (options.topic !== topic) return reader
      const iterate = reader[Symbol.asyncIterator].bind(reader)
      reader[Symbol.asyncIterator] = async function* () {
        let isFirst = true
        for await (const batch of { [Symbol.asyncIterator]: iterate }) {
          if (isFirst) onFirst()
          isFirst = false
          yield batch
        }
      }
      return reader
    },
  }
}

if (import.meta.main) await serveTask({ 'flights-drain': drain, 'bars-indicators': indicators })
