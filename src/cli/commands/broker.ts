import { defaultCacheDir } from '../../broker/kafka/server/cache-dir.ts'
import { localKafkaLog, localKafkaStatus, stopLocalKafka } from '../../broker/kafka/server/local-kafka-status.ts'
import { startLocalKafka } from '../../broker/kafka/server/local-kafka.ts'
import { WindsockError } from '../../foundation/errors.ts'
import { createLogger } from '../../foundation/logger.ts'
import type { Command, CommandContext } from '../command.ts'
import { homeOf } from '../connect.ts'
import { nodesOption } from '../option.ts'

export const broker: Command = {
  name: 'broker',
  summary: 'Start, stop and watch the local Apache Kafka by itself.',
  usage: ['windsock broker start|stop|status|logs [--nodes 1|3] [--json] [--lines N]'],
  arguments: ['action'],
  options: [
    nodesOption,
    { name: 'json', type: 'flag', help: 'print the status as JSON' },
    {
      name: 'lines',
      type: 'number',
      placeholder: 'N',
      min: 1,
      max: 100_000,
      whole: true,
      default: 50,
      help: 'lines of the log',
    },
  ],
  examples: [
    'windsock broker start',
    'windsock broker start --nodes 3 --home /tmp/three',
    'windsock broker logs --lines 200',
  ],
  async run(context) {
    const { config } = context
    const [action] = config.positionals
    switch (action) {
      case 'start':
        return start(context)
      case 'stop':
        return stop(context)
      case 'status':
        return status(context)
      case 'logs':
        return context.print(`${(await localKafkaLog(homeOf(config), config.number('lines') ?? 50)).join('\n')}\n`)
      case undefined:
      default:
        throw new WindsockError('usage', `windsock broker takes start, stop, status or logs, got "${action ?? ''}"`)
    }
  },
}

async function start({ config, env, print, say, signal }: CommandContext): Promise<void> {
  const nodes = nodesOf(config.number('nodes'))
  const kafka = await startLocalKafka({
    home: homeOf(config),
    cacheDir: defaultCacheDir(env),
    logger: createLogger('broker', say),
    env,
    signal,
    ...(nodes === undefined ? {} : { nodes }),
  })
  kafka.release()
  print(`${kafka.adopted ? 'runs already' : 'ready'} on ${kafka.brokers.join(',')}\n`)
}

async function stop({ config, print, say }: CommandContext): Promise<void> {
  const stopped = await stopLocalKafka(homeOf(config), { logger: createLogger('broker', say) })
  print(stopped ? 'stopped\n' : `no broker runs from ${homeOf(config)}\n`)
}

async function status({ config, print }: CommandContext): Promise<void> {
  const found = await localKafkaStatus(homeOf(config))
  if (config.flag('json')) return print(`${JSON.stringify(found)}\n`)
  if (found.kind === 'none')
    return print(`there is no broker in ${homeOf(config)} yet: windsock broker start makes one\n`)
  const { kind, brokers, pids, nodes, kafkaVersion, sinceMs, dataBytes } = found
  const since = sinceMs === undefined ? '' : ` since ${new Date(sinceMs).toISOString()}`
  const size = (dataBytes / 1_048_576).toFixed(1)
  print(
    `${kind}${since}: Kafka ${kafkaVersion}, ${nodes} ${nodes === 1 ? 'node' : 'nodes'}, ${brokers.join(',')}, ` +
      `processes ${pids.join(', ') || 'none'}, ${size} MiB on disk\n`,
  )
}

/** `--nodes` as the local cluster takes it. */
export function nodesOf(value: number | undefined): 1 | 3 | undefined {
  return value === 1 || value === 3 ? value : undefined
}
