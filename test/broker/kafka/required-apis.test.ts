import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import * as library from '@platformatic/kafka'
import { requireApis } from '../../../src/broker/kafka/required-apis.ts'

/** Used only where the cluster has KIP-848, or to find out what it has. */
const optional = [
  'apiVersionsV3',
  'consumerGroupDescribeV0',
  'consumerGroupHeartbeatV1',
  'describeConfigsV4',
  'offsetCommitV9',
]

const everything = Array.from({ length: 100 }, (_, apiKey) => ({ apiKey, minVersion: 0, maxVersion: 30 }))

describe('the requests that a cluster must know', () => {
  it('are all that the client makes of one version', async () => {
    const used = (await namesInSources()).filter((name) => !optional.includes(name))
    assert.ok(used.includes('metadataV11'))
    requireApis(everything, [])
    for (const [name, { api }] of Object.entries(library).filter(isRequest)) {
      if (!used.includes(name)) continue
      const older = everything.map((each) =>
        each.apiKey === api.key ? { ...each, maxVersion: api.version - 1 } : each,
      )
      assert.throws(() => requireApis(older, []), { code: 'broker-refused' }, name)
    }
  })

  it('are told with the oldest Kafka that has them', () => {
    const older = everything.map((each) => (each.apiKey === 10 ? { ...each, maxVersion: 3 } : each))
    assert.throws(() => requireApis(older, ['kafka.example:9092']), {
      message:
        'the cluster at kafka.example:9092 knows FindCoordinator in versions 0 to 3, and version 4 is spoken here',
      hint: 'Apache Kafka 3.0 is the oldest that will do',
    })
    const newer = everything.map((each) => (each.apiKey === 1 ? { ...each, minVersion: 18 } : each))
    assert.throws(() => requireApis(newer, []), {
      message: /knows Fetch in versions 18 to 30, and versions 12 to 17 are/,
    })
    assert.throws(() => requireApis([], []), { message: /knows Fetch not at all/ })
  })
})

/** Every name of the library's requests, such as `metadataV11`, in the client's sources. */
async function namesInSources(): Promise<string[]> {
  const folder = fileURLToPath(new URL('../../../src/broker/kafka', import.meta.url))
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts'))
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
  const own = texts.filter((text) => !text.includes('requireApis('))
  return own.flatMap((text) => text.match(/\b[a-z]\w+V\d+\b/g) ?? [])
}

function isRequest(entry: [string, unknown]): entry is [string, { readonly api: { key: number; version: number } }] {
  const [name, value] = entry
  return /V\d+$/.test(name) && typeof value === 'object' && value !== null && 'api' in value
}
