import assert from 'node:assert/strict'
import { appendFile, cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { defaultCacheDir } from '../../../../src/broker/kafka/server/cache-dir.ts'
import { checkJars, ensureJars, jarsDir, readJarPins } from '../../../../src/broker/kafka/server/jars.ts'
import { findJava } from '../../../../src/broker/kafka/server/java.ts'
import { silentLogger, type Logger } from '../../../../src/foundation/logger.ts'
import { needsJava } from './needs-java.ts'

async function copyOfCache(t: { after(body: () => Promise<void>): void }): Promise<string> {
  const options = { java: await findJava(process.env), env: process.env, logger: silentLogger }
  const original = defaultCacheDir(process.env)
  await ensureJars({ ...options, cacheDir: original })
  const cacheDir = await mkdtemp(join(tmpdir(), 'windsock-cache-'))
  t.after(() => rm(cacheDir, { recursive: true }))
  await cp(jarsDir(original), jarsDir(cacheDir), { recursive: true })
  return cacheDir
}

test('the cache is below XDG_CACHE_HOME when that is set', () => {
  assert.equal(defaultCacheDir({ XDG_CACHE_HOME: '/c' }), '/c/windsock/kafka-4.3.1')
  assert.match(defaultCacheDir({}), /\/\.cache\/windsock\/kafka-4\.3\.1$/)
})

test('every jar is pinned by a SHA-256', async () => {
  const pins = await readJarPins()
  assert.ok(pins.has('kafka_2.13-4.3.1.jar'))
  for (const [name, sha256] of pins) assert.match(sha256, /^[0-9a-f]{64}$/, name)
})

test('a jar that is missing is found out', async () => {
  const faults = await checkJars('/nonexistent', new Map([['a.jar', '00']]))
  assert.deepEqual(faults, [{ name: 'a.jar', fault: 'missing' }])
})

test('a jar that was tampered with is named and replaced', needsJava, async (t) => {
  const cacheDir = await copyOfCache(t)
  const dir = jarsDir(cacheDir)
  await appendFile(join(dir, 'kafka-clients-4.3.1.jar'), 'x')
  await rm(join(dir, 'slf4j-api-1.7.36.jar'))
  const warnings: string[] = []
  const logger: Logger = { ...silentLogger, warn: (message) => warnings.push(message) }
  const classPath = await ensureJars({ cacheDir, java: await findJava(process.env), env: process.env, logger })
  assert.match(warnings.join(), /kafka-clients-4\.3\.1\.jar is changed, slf4j-api-1\.7\.36\.jar is missing/)
  assert.deepEqual(await checkJars(dir, await readJarPins()), [])
  assert.ok(classPath.split(delimiter).includes(join(dir, 'kafka-clients-4.3.1.jar')))
  assert.deepEqual(await readdir(cacheDir), ['jars'], 'nothing half done is left')
})

test('two installs at once leave one good cache', needsJava, async (t) => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'windsock-cache-'))
  t.after(() => rm(cacheDir, { recursive: true }))
  const options = { cacheDir, java: await findJava(process.env), env: process.env, logger: silentLogger }
  await Promise.all([ensureJars(options), ensureJars(options)])
  assert.deepEqual(await checkJars(jarsDir(cacheDir), await readJarPins()), [])
  assert.deepEqual(await readdir(cacheDir), ['jars'])
})

test('without Maven an empty cache is an error that says what to install', needsJava, async (t) => {
  const cacheDir = await mkdtemp(join(tmpdir(), 'windsock-cache-'))
  t.after(() => rm(cacheDir, { recursive: true }))
  const options = { cacheDir, java: await findJava(process.env), logger: silentLogger }
  await assert.rejects(ensureJars({ ...options, env: { PATH: '' } }), {
    code: 'maven-missing',
    hint: /apt-get install.*--broker memory/,
  })
})
