/** Writes jars.json anew from what Maven brings for pom.xml. Read the difference before committing it. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findJava } from '../src/broker/kafka/server/java.ts'
import { hashFile } from '../src/broker/kafka/server/jars.ts'
import { resolveJars } from '../src/broker/kafka/server/maven.ts'

const pinsFile = new URL('../src/broker/kafka/server/jars.json', import.meta.url)
const staging = await mkdtemp(join(tmpdir(), 'windsock-pin-'))
try {
  await resolveJars({ staging, java: await findJava(process.env), env: process.env })
  const pins: Record<string, string> = {}
  for (const name of (await readdir(staging)).toSorted()) {
    const sha256 = name.endsWith('.jar') ? await hashFile(join(staging, name)) : undefined
    if (sha256 !== undefined) pins[name] = sha256
  }
  await writeFile(pinsFile, `${JSON.stringify(pins, undefined, 2)}\n`)
  process.stdout.write(`pinned ${Object.keys(pins).length} jars\n`)
} finally {
  await rm(staging, { recursive: true, force: true })
}
