import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { createKafkaBroker } from '../../../../src/broker/kafka/kafka-broker.ts'
import { defaultCacheDir } from '../../../../src/broker/kafka/server/cache-dir.ts'
import { findExecutable } from '../../../../src/broker/kafka/server/find-executable.ts'
import { ensureJars } from '../../../../src/broker/kafka/server/jars.ts'
import { findJava } from '../../../../src/broker/kafka/server/java.ts'
import { choosePorts } from '../../../../src/broker/kafka/server/ports.ts'
import { silentLogger } from '../../../../src/foundation/logger.ts'
import { withoutKafka } from '../../../support/local-kafka.ts'

const run = promisify(execFile)

/** The reason to skip what needs a secured broker, or false where one can run. */
export const withoutSecuredKafka: string | false =
  withoutKafka !== false || (await findExecutable('openssl', process.env)) !== undefined
    ? withoutKafka
    : 'needs openssl to make certificates: apt-get install openssl'

export const user = { username: 'alice', password: 'a secret word' } as const

export interface SecuredKafka {
  /** By kind of listener, its address. */
  readonly plain: string
  readonly tls: string
  /** TLS, and a certificate of the client's is asked for. */
  readonly mutual: string
  readonly sasl: string
  readonly saslTls: string
  /** The authority that has signed all certificates, and a client's own. */
  readonly ca: string
  readonly cert: string
  readonly key: string
  stop(): Promise<void>
}

/** A real broker with listeners of every kind; users are asked who they are again after 4 seconds. */
export async function startSecuredKafka(): Promise<SecuredKafka> {
  const home = await mkdtemp(join(tmpdir(), 'windsock-secured-'))
  const java = await findJava(process.env)
  const options = { cacheDir: defaultCacheDir(process.env), java, env: process.env, logger: silentLogger }
  const classPath = await ensureJars(options)
  const pem = await makeCertificates(home)
  const ports = await choosePorts(6)
  const addresses = ports.map((port) => `localhost:${port}`)
  const settings = join(home, 'server.properties')
  await mkdir(join(home, 'data'))
  await writeFile(settings, propertiesFor(ports, join(home, 'data'), pem))
  const scram = ['SHA-256', 'SHA-512'].flatMap((hash) => [
    '--add-scram',
    `SCRAM-${hash}=[name=${user.username},password="${user.password}"]`,
  ])
  const common = ['-cp', classPath, '-Dlog4j2.level=ERROR']
  await run(java.path, [...common, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings, ...scram])
  const broker = spawn(java.path, ['-Xmx384m', ...common, 'kafka.Kafka', settings], { stdio: 'ignore' })
  await untilOpen(ports[0] ?? 0)
  const [plain = '', tls = '', mutual = '', sasl = '', saslTls = ''] = addresses
  return {
    plain,
    tls,
    mutual,
    sasl,
    saslTls,
    ca: pem.ca,
    cert: pem.cert,
    key: pem.key,
    async stop() {
      broker.kill('SIGKILL')
      await once(broker, 'exit')
      await rm(home, { recursive: true, force: true })
    },
  }
}

const clusterId = 'MkU3OEVBNTcwNTJENDM2Qk'

interface Pem {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** One authority and one certificate for `localhost`, used by both sides. */
async function makeCertificates(folder: string): Promise<Pem> {
  const openssl = (...args: string[]): Promise<unknown> => run('openssl', args, { cwd: folder })
  const newKey = ['-newkey', 'rsa:2048', '-nodes']
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=test authority',
    '-days',
    '2',
  )
  await openssl('req', ...newKey, '-keyout', 'own.key', '-out', 'own.csr', '-subj', '/CN=localhost')
  await writeFile(join(folder, 'names'), 'subjectAltName=DNS:localhost\n')
  const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2', '-extfile', 'names']
  await openssl('x509', '-req', '-in', 'own.csr', '-out', 'own.pem', ...signing)
  const [ca = '', cert = '', key = ''] = await Promise.all(
    ['ca.pem', 'own.pem', 'own.key'].map((name) => readFile(join(folder, name), 'utf8')),
  )
  return { ca, cert, key }
}

function propertiesFor(ports: readonly number[], dataDir: string, pem: Pem): string {
  const names = ['PLAIN', 'TLS', 'MUTUAL', 'SASL', 'SASLTLS', 'CONTROLLER']
  const listeners = names.map((name, i) => `${name}://localhost:${ports[i]}`)
  const plainUsers = `user_${user.username}="${user.password}"`
  const sasl = ['sasl', 'sasltls'].flatMap((name): [string, string][] => [
    [`listener.name.${name}.sasl.enabled.mechanisms`, 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512'],
    [`listener.name.${name}.connections.max.reauth.ms`, '4000'],
    [`listener.name.${name}.plain.sasl.jaas.config`, jaas('plain.PlainLoginModule', plainUsers)],
    [`listener.name.${name}.scram-sha-256.sasl.jaas.config`, jaas('scram.ScramLoginModule')],
    [`listener.name.${name}.scram-sha-512.sasl.jaas.config`, jaas('scram.ScramLoginModule')],
  ])
  const settings: [string, string | number][] = [
    ['process.roles', 'broker,controller'],
    ['node.id', 1],
    ['controller.quorum.voters', `1@localhost:${ports[5]}`],
    ['listeners', listeners.join(',')],
    ['advertised.listeners', listeners.slice(0, 5).join(',')],
    [
      'listener.security.protocol.map',
      'PLAIN:PLAINTEXT,TLS:SSL,MUTUAL:SSL,SASL:SASL_PLAINTEXT,SASLTLS:SASL_SSL,CONTROLLER:PLAINTEXT',
    ],
    ['inter.broker.listener.name', 'PLAIN'],
    ['controller.listener.names', 'CONTROLLER'],
    ['log.dirs', dataDir],
    ['offsets.topic.replication.factor', 1],
    ['transaction.state.log.replication.factor', 1],
    ['transaction.state.log.min.isr', 1],
    ['ssl.keystore.type', 'PEM'],
    ['ssl.keystore.certificate.chain', oneLine(pem.cert)],
    ['ssl.keystore.key', oneLine(pem.key)],
    ['ssl.truststore.type', 'PEM'],
    ['ssl.truststore.certificates', oneLine(pem.ca)],
    ['listener.name.mutual.ssl.client.auth', 'required'],
    ...sasl,
  ]
  return settings.map(([name, value]) => `${name}=${value}\n`).join('')
}

async function untilOpen(port: number): Promise<void> {
  const broker = createKafkaBroker({ brokers: [`localhost:${port}`] })
  const until = performance.now() + 60_000
  for (;;) {
    try {
      await broker.admin.probe()
      break
    } catch (error) {
      if (performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }
  await broker.close()
}

function oneLine(text: string): string {
  return text.trim().replaceAll('\n', '\\n')
}

function jaas(module: string, rest = ''): string {
  return `org.apache.kafka.common.security.${module} required ${rest};`
}
