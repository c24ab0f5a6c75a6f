/** Kafka's own measuring tool: the plain Java consumer at its best, and nothing done with the records. */
import { type Engine, type Report, recordsIn } from '../engine.ts'

/** As the tool is told to write its times: such that they can be compared with ours. */
const dateFormat = "yyyy-MM-dd'T'HH:mm:ss.SSSXXX"

export const consumerPerformance: Engine = {
  name: 'consumer-performance',
  variants: { 'flights-drain': [{ mode: 'no-decoding', processes: 1 }] },
  async prepare({ java, brokerClassPath }) {
    return {
      command: (task) => ({
        file: java,
        args: [
          '-Xmx512m', // what Kafka's own start script gives it
          '-XX:+UseG1GC',
          '-cp',
          brokerClassPath,
          'org.apache.kafka.tools.ConsumerPerformance',
          '--bootstrap-server',
          task.brokers.join(','),
          '--topic',
          task.topic,
          '--group',
          task.id,
          '--num-records',
          String(recordsIn(task.spans)),
          '--date-format',
          dateFormat,
          '--timeout',
          '60000',
        ],
      }),
      readReport: readConsumerPerformance,
    }
  },
}

/**
 * The last line of its table. Its own start is before it joins a group, so the time of the first record is its end less the
 * time it fetched.
 *
 * @throws Error when the table is not as expected
 */
export function readConsumerPerformance(stdout: string): Report {
  const lines = stdout.split('\n').map((line) => line.split(', '))
  const header = lines.findIndex(([first]) => first === 'start.time')
  const cell = (name: string): string => lines[header + 1]?.[lines[header]?.indexOf(name) ?? -1]?.trim() ?? ''
  const to = Date.parse(cell('end.time'))
  const fetchMs = Number(cell('fetch.time.ms'))
  const records = Number(cell('data.consumed.in.nMsg'))
  if (header < 0 || !(to > 0) || !(fetchMs > 0)) throw new Error(`ConsumerPerformance printed no figures: ${stdout}`)
  return { from: to - fetchMs, to, records }
}
