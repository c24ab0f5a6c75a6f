/** This engine: our reader, our decoder, our fold; for the bars the whole pipeline, with its states on disk. */
import { chooseAnalysis } from '../../src/analyses/all.ts'
import type { Batch, Broker } from '../../src/broker/broker.ts'
import { createKafkaBroker } from '../../src/broker/kafka/kafka-broker.ts'
import { createFrame, type Frame } from '../../src/model/frame.ts'
import { decodeMessage } from '../../src/model/message.ts'
import { Folding } from '../../src/pipelines/folding.ts'
import { runAnalysis } from '../../src/pipelines/run-analysis.ts'
import { resultTopic } from '../../src/topics/results.ts'
import { quarantine } from '../../src/topics/quarantine.ts'
import { type BarsTask, type DrainTask, type Engine, type PartitionSpan, type Report, shareOf } from '../engine.ts'
import { epochMs } from '../process/clock.ts'
import { nodeCommand } from '../process/node-command.ts'
import { serveTask } from '../process/serve-task.ts'

const notYet = 'the decoder that stops early is not merged yet'

export const windsock: Engine = {
  name: 'windsock',
  variants: {
    'flights-drain': [
      { mode: 'checked', processes: 1 },
      { mode: 'checked', processes: 2 },
      { mode: 'early-stop', processes: 1, skipped: notYet },
      { mode: 'early-stop', processes: 2, skipped: notYet },
    ],
    'bars-indicators': [
      { mode: 'checked', processes: 1 },
      { mode: 'checked', processes: 2 },
    ],
  },
  resultTopic,
  isBitExact: true,
  prepare: async () => ({ command: (task) => nodeCommand(import.meta.url, task) }),
}

async function drain(task: DrainTask): Promise<Report> {
  const broker = createKafkaBroker({ brokers: task.brokers })
  if (task.warmUp !== undefined) await drainSpans(broker, task, task.warmUp)
  const report = await drainSpans(broker, task, shareOf(task))
  await broker.close()
  return report
}

/** The other partitions it begins at their ends. */
async function drainSpans(broker: Broker, task: DrainTask, spans: readonly PartitionSpan[]): Promise<Report> {
  const analysis = chooseAnalysis('flights-per-day', {}, task.topic)
  const folding = new Folding(analysis)
  const { partitions } = await broker.admin.describeTopic(task.topic)
  const start = new Map(partitions.map(({ partition, end }) => [partition, end]))
  const until = new Map(start)
  for (const { partition, from, to } of spans) {
    start.set(partition, from)
    until.set(partition, to)
  }
  const counts: Record<string, number> = {}
  let from = 0
  let records = 0
  const reader = broker.openReader({ topic: task.topic, start, until, signal: new AbortController().signal })
  for await (const batch of reader) {
    if (from === 0) from = epochMs()
    for (const frame of decode(batch)) {
      const refusals = [...frame.refusals, ...folding.take(frame)]
      if (refusals[0] !== undefined) throw new Error(`a record is refused: ${refusals[0].reason}`)
      records += frame.length
    }
  }
  for (const { result } of folding.takeUpserts()) {
    counts[`${result['airline']} ${result['day']}`] = Number(result['flights'])
  }
  const to = epochMs()
  await reader.close()
  return { from, to, records, counts }
}

/** The one place to exchange when batches come packed: a decoder of the wanted columns, opened once, instead of this. */
function* decode(batch: Batch): Iterable<Frame> {
  const analysis = chooseAnalysis('flights-per-day')
  const frame = createFrame(analysis.input.schema, `${batch.topic}/${batch.partition}`, batch.records.length)
  for (const { offset, value } of batch.records) decodeMessage(frame, value === null ? undefined : utf8(value), offset)
  yield frame
}

function utf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()
}

/** Both analyses in one process, or each in one of its own, as `windsock up` runs them. */
async function indicators(task: BarsTask): Promise<Report> {
  const started: number[] = []
  const chosen = [
    { ...chooseAnalysis('bollinger', {}, task.topic), group: task.results.bollinger },
    { ...chooseAnalysis('aroon', { period: '25' }, task.topic), group: task.results.aroon },
  ]
  const mine = chosen.filter((_, index) => index % task.process.of === task.process.index)
  const broker = createKafkaBroker({ brokers: task.brokers })
  await broker.admin.ensureTopics([quarantine])
  const progress = await Promise.all(
    mine.map((analysis) =>
      runAnalysis({
        broker: tellingFirst(broker, () => started.push(epochMs())),
        analysis,
        stateFolder: task.folder,
        untilEnd: true,
        signal: new AbortController().signal,
      }),
    ),
  )
  const to = epochMs()
  await broker.close()
  return { from: Math.min(...started), to, records: Math.max(...progress.map(({ records }) => records)) }
}

/** The same broker, which says when a reader of it has its first batch. */
function tellingFirst(broker: Broker, onFirst: () => void): Broker {
  return {
    ...broker,
    openReader(options) {
      const reader = broker.openReader(options)
      return {
        commit: (positions) => reader.commit(positions),
        close: () => reader.close(),
        async *[Symbol.asyncIterator]() {
          let isFirst = true
          for await (const batch of reader) {
            if (isFirst) onFirst()
            isFirst = false
            yield batch
          }
        },
      }
    },
  }
}

if (import.meta.main) await serveTask({ 'flights-drain': drain, 'bars-indicators': indicators })
