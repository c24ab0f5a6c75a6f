import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findJava, parseJavaMajorVersion } from '../../../../src/broker/kafka/server/java.ts'
import { WindsockError } from '../../../../src/foundation/errors.ts'

async function fakeJava(dir: string, version: string): Promise<void> {
  await mkdir(join(dir, 'bin'), { recursive: true })
  const path = join(dir, 'bin', 'java')
  await writeFile(path, `#!/bin/sh\necho 'openjdk version "${version}"' >&2\n`)
  await chmod(path, 0o755)
}

test('the major version is read from all manners of writing it', () => {
  assert.equal(parseJavaMajorVersion('openjdk version "17.0.15" 2025-04-15'), 17)
  assert.equal(parseJavaMajorVersion('openjdk version "25" 2025-09-16'), 25)
  assert.equal(parseJavaMajorVersion('java version "1.8.0_402"'), 8)
  assert.equal(parseJavaMajorVersion('sh: java: not found'), undefined)
})

test('a machine without Java is told the packages and the two ways round', async () => {
  await assert.rejects(findJava({ PATH: '/nonexistent' }), (error: unknown) => {
    assert.ok(error instanceof WindsockError)
    assert.equal(error.code, 'java-missing')
    for (const part of ['openjdk-17-jre-headless', 'maven', '--brokers host:port', '--broker memory']) {
      assert.ok(error.hint?.includes(part), part)
    }
    return true
  })
})

test('a Java that is too old is named, and one in PATH takes its place', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'windsock-java-'))
  t.after(() => rm(dir, { recursive: true }))
  await fakeJava(join(dir, 'old'), '11.0.2')
  await fakeJava(join(dir, 'new'), '21.0.4')
  const JAVA_HOME = join(dir, 'old')
  await assert.rejects(findJava({ JAVA_HOME, PATH: '' }), /old\/bin\/java is version 11/)
  const java = await findJava({ JAVA_HOME, PATH: join(dir, 'new', 'bin') })
  assert.equal(java.majorVersion, 21)
  assert.equal(java.path, join(dir, 'new', 'bin', 'java'))
})
