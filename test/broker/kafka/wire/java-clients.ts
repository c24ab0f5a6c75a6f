import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { defaultCacheDir } from '../../../../src/broker/kafka/server/cache-dir.ts'
import { findExecutable } from '../../../../src/broker/kafka/server/find-executable.ts'
import { ensureJars } from '../../../../src/broker/kafka/server/jars.ts'
import { findJava } from '../../../../src/broker/kafka/server/java.ts'
import type { IncomingRecord } from '../../../../src/broker/broker.ts'
import { silentLogger } from '../../../../src/foundation/logger.ts'
import { withoutKafka } from '../../../support/local-kafka.ts'

/** The reason to skip what Kafka's own clients judge, or false where they can be compiled. */
export const withoutJavaClients: string | false =
  withoutKafka !== false || (await findExecutable('javac', process.env)) !== undefined
    ? withoutKafka
    : "needs javac to compile Kafka's own clients: apt-get install openjdk-17-jdk-headless"

/** What Kafka's own consumer has read: by partition its records in order, as text, and where it ends. */
export interface JavaReading {
  readonly records: ReadonlyMap<number, readonly string[]>
  readonly ends: ReadonlyMap<number, number>
}

/** Kafka's own producers and consumers, in a process of their own (`java-clients.java`). */
export class JavaClients {
  private readonly process: ChildProcessWithoutNullStreams
  private readonly lines: AsyncIterator<string>
  private complaints = ''

  static async start(brokers: readonly string[]): Promise<JavaClients> {
    const java = await findJava(process.env)
    const options = { cacheDir: defaultCacheDir(process.env), java, env: process.env, logger: silentLogger }
    const source = fileURLToPath(new URL('java-clients.java', import.meta.url))
    const classPath = await ensureJars(options)
    return new JavaClients(
      spawn(java.path, ['-Xmx256m', '-Dfile.encoding=UTF-8', '-cp', classPath, source, brokers.join(',')]),
    )
  }

  private constructor(process: ChildProcessWithoutNullStreams) {
    this.process = process
    this.lines = createInterface(process.stdout)[Symbol.asyncIterator]()
    process.stderr.on('data', (text) => (this.complaints += String(text)))
  }

  /** Does what the commands say, one after the other, and gives what they answer. */
  async run(commands: readonly string[]): Promise<string[]> {
    const answers: string[] = []
    for (const command of commands) {
      this.process.stdin.write(`${command}\n`)
      for (;;) {
        const { done, value } = await this.lines.next()
        if (done === true) throw new Error(`${command}: ${this.complaints}`)
        if (value === 'done') break
        answers.push(value)
      }
    }
    return answers
  }

  async read(topic: string, isolation: 'committed' | 'uncommitted'): Promise<JavaReading> {
    const records = new Map<number, string[]>()
    const ends = new Map<number, number>()
    for (const line of await this.run([`read ${topic} ${isolation}`])) {
      const [kind, partition, offset, ...rest] = line.split(' ')
      if (kind === 'end') ends.set(Number(partition), Number(offset))
      else {
        const mine = records.get(Number(partition)) ?? []
        records.set(Number(partition), [...mine, [offset, ...rest].join(' ')])
      }
    }
    return { records, ends }
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.stdin.end()
    await ended
  }
}

/** A record of ours as the Java program shows it. */
export function shownAsInJava({ offset, key, value, headers }: IncomingRecord): string {
  const shownHeaders = Array.from(headers, ([name, text]) => `${name}=${text};`).join('')
  return `${offset} ${shown(key)} ${shown(value)} ${shownHeaders}`
}

function shown(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null'
  // Java's Arrays.hashCode, over signed bytes.
  let hash = 1
  for (const byte of bytes) hash = (Math.imul(31, hash) + ((byte << 24) >> 24)) | 0
  return `${bytes.length}:${hash}`
}
