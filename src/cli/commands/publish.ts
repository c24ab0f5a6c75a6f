import type { PackPlan } from '../../pipelines/pack-rows.ts'
import type { PublishProgress } from '../../pipelines/publish-source.ts'
import type { Command } from '../command.ts'
import { connect } from '../connect.ts'
import { fileOption, labelOption, paceOptions, topicOption } from '../option.ts'
import { pauseOnSignal } from '../pause-signal.ts'
import { packInThread } from '../packing/pack-in-thread.ts'
import { chooseSource, countRows, readPace } from '../sources.ts'
import { doPublish } from '../work.ts'

export const publish: Command = {
  name: 'publish',
  summary: 'Send the rows of files to a topic, and end when every row is acknowledged.',
  usage: [
    'windsock publish flights --file F [--file G …] [--topic T] [--rate N | --speed X | --max] [--json]',
    'windsock publish prices --file F [--file G …] [--label SYM] [--topic T] [--rate N | --speed X | --max] [--json]',
  ],
  arguments: ['source'],
  options: [
    fileOption,
    labelOption,
    topicOption,
    ...paceOptions,
    {
      name: 'history',
      type: 'number',
      placeholder: 'N',
      min: 0,
      whole: true,
      default: 0,
      help: 'rows to send at once before the pace begins',
    },
    { name: 'resume', type: 'flag', help: 'go on where an earlier publish of these files with --resume ended' },
    { name: 'live', type: 'flag', help: 'the rows are of now: label them live, not replay' },
    { name: 'json', type: 'flag', help: 'print the totals as JSON' },
  ],
  examples: [
    'windsock publish flights --file flights.csv.gz --max --json',
    'windsock publish prices --file AAPL.csv --label AAPL --rate 10',
    'windsock publish flights --file January.zip --speed 400 --brokers kafka.example:9092',
    'kill -USR2 PID   pauses it, and again lets it go on',
  ],
  async run({ config, print, say, signal }) {
    const pace = readPace(config)
    const name = config.positionals[0]
    const files = config.list('file')
    const label = config.text('label')
    const chosen = await chooseSource(name, files, label)
    const topic = config.text('topic')
    const broker = await connect(config)
    const over = new AbortController()
    const rows = pace.kind === 'max' ? undefined : countRows(chosen.stream.name, files, label, over.signal)
    const pacer = pauseOnSignal(say)
    const startedAt = performance.now()
    try {
      const totals = await doPublish(
        broker,
        {
          source: chosen.source,
          stream: topic === undefined ? chosen.stream : { ...chosen.stream, name: topic },
          pace,
          history: config.number('history') ?? 0,
          resume: config.flag('resume'),
          pacer,
          playback: config.flag('live') ? 'live' : 'replay',
          ...(rows === undefined ? {} : { rows }),
          ...(pace.kind === 'max' ? { elsewhere: readElsewhere(chosen.stream.name, files, label, signal) } : {}),
        },
        signal,
      )
      print(describe(totals, (performance.now() - startedAt) / 1000, config.flag('json')))
    } finally {
      over.abort()
      await broker.close()
    }
  },
}

/** At full speed the files are read in a thread of their own. */
function readElsewhere(name: string, files: readonly string[], label: string | undefined, signal: AbortSignal) {
  let bytesRead = 0
  return {
    pack: (plan: PackPlan) =>
      packInThread({ name, files, label, plan }, signal, (bytes) => {
        bytesRead = bytes
      }),
    bytesRead: () => bytesRead,
  }
}

function describe(totals: PublishProgress, seconds: number, isJson: boolean): string {
  const { sent, acknowledged, refused, skipped, bytes } = totals
  if (isJson) return `${JSON.stringify({ sent, acknowledged, refused, bytes, seconds: Number(seconds.toFixed(3)) })}\n`
  const extra = [
    ...(skipped > 0 ? [`${count(skipped)} were there already`] : []),
    ...(refused > 0 ? [`${count(refused)} refused, see topic quarantine`] : []),
  ]
  const rate = count(Math.round(sent / seconds))
  return `${[`${count(acknowledged)} of ${count(sent)} rows acknowledged in ${seconds.toFixed(1)} s (${rate}/s)`, ...extra].join(', ')}\n`
}

function count(value: number): string {
  return value.toLocaleString('en')
}
