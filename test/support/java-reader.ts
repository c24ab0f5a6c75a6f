import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { defaultCacheDir } from '../../src/broker/kafka/server/cache-dir.ts'
import { findExecutable } from '../../src/broker/kafka/server/find-executable.ts'
import { ensureJars } from '../../src/broker/kafka/server/jars.ts'
import { findJava } from '../../src/broker/kafka/server/java.ts'
import { silentLogger } from '../../src/foundation/logger.ts'
import { withoutKafka } from './local-kafka.ts'

/** The reason to skip what Kafka's own Java client judges, or false where it can be compiled and run. */
export const withoutJavaReader: string | false =
  withoutKafka !== false || (await findExecutable('javac', process.env)) !== undefined
    ? withoutKafka
    : 'needs a Java compiler: apt-get install openjdk-17-jdk-headless'

export interface FoundRecord {
  readonly partition: number
  readonly key: string
  readonly value: string
}

export interface JavaReader {
  /** All that is in a topic. Keys and values must be texts without tabs and line ends. */
  read(topic: string, isolation: 'read_committed' | 'read_uncommitted'): Promise<FoundRecord[]>
  close(): Promise<void>
}

/** Compiles and starts a Java program with Kafka's own consumer, the judge of what others may read. */
export async function openJavaReader(brokers: readonly string[]): Promise<JavaReader> {
  const java = await findJava(process.env)
  const options = { cacheDir: defaultCacheDir(process.env), java, env: process.env, logger: silentLogger }
  const source = fileURLToPath(new URL('read-topic.java', import.meta.url))
  const args = [
    '-XX:TieredStopAtLevel=1',
    '-Dfile.encoding=UTF-8',
    '-cp',
    await ensureJars(options),
    source,
    brokers.join(','),
  ]
  const program = spawn(java.path, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(program, 'exit')
  const lines = createInterface({ input: program.stdout })[Symbol.asyncIterator]()
  let last: Promise<unknown> = Promise.resolve()
  const ask = async (question: string): Promise<FoundRecord[]> => {
    program.stdin.write(`${question}\n`)
    const found: FoundRecord[] = []
    for (;;) {
      const { value: line, done } = await lines.next()
      if (done === true) throw new Error(`the Java reader died over ${question}`)
      if (line === '') return found
      const [partition = '', key = '', value = ''] = line.split('\t')
      found.push({ partition: Number(partition), key, value })
    }
  }
  return {
    read(topic, isolation) {
      const mine = last.then(() => ask(`${topic} ${isolation}`))
      last = mine.catch(() => {})
      return mine
    },
    async close() {
      program.stdin.end()
      await exited
    },
  }
}
