/**
 * Writes a jars.json anew from what Maven brings for the pom.xml beside it: `node scripts/pin-kafka-jars.ts [FOLDER]`, of the
 * Kafka that Windsock runs when no folder is named. Read the difference before committing it.
 */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { findJava } from '../src/broker/kafka/server/java.ts'
import { hashFile } from '../src/broker/kafka/server/jars.ts'
import { bundledRelease } from '../src/broker/kafka/server/kafka-release.ts'
import { resolveJars } from '../src/broker/kafka/server/maven.ts'

const [folder] = process.argv.slice(2)
const pom = folder === undefined ? bundledRelease.pom : pathToFileURL(join(resolve(folder), 'pom.xml'))
const staging = await mkdtemp(join(tmpdir(), 'windsock-pin-'))
try {
  await resolveJars({ pom, staging, java: await findJava(process.env), env: process.env })
  const pins: Record<string, string> = {}
  for (const name of (await readdir(staging)).toSorted()) {
    const sha256 = name.endsWith('.jar') ? await hashFile(join(staging, name)) : undefined
    if (sha256 !== undefined) pins[name] = sha256
  }
  await writeFile(new URL('jars.json', pom), `${JSON.stringify(pins, undefined, 2)}\n`)
  process.stdout.write(`pinned ${Object.keys(pins).length} jars\n`)
} finally {
  await rm(staging, { recursive: true, force: true })
}
