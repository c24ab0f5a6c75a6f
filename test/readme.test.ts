import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

describe('the README', () => {
  it('has an analysis of one’s own that type-checks and works when its two steps are followed', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8')
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
    const file = /\(`(src\/analyses\/[a-z-]+\.ts)`\)/.exec(readme)?.[1]
    assert.ok(example !== undefined && file !== undefined)
    const copy = await mkdtemp(join(tmpdir(), 'windsock-readme-'))
    try {
      for (const part of ['src', 'data', 'package.json', 'tsconfig.json']) {
        await cp(join(root, part), join(copy, part), { recursive: true })
      }
      await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
      await writeFile(join(copy, file), example)
      await addToTable(join(copy, 'src/analyses/all.ts'))
      await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', copy])

      const main = join(copy, 'src/cli/main.ts')
      const prices = join(copy, 'data/prices/SPY.csv.gz')
      const { stdout } = await run(process.execPath, [main, 'recompute', 'highest-price', '--file', prices])
      assert.deepEqual(JSON.parse(stdout), [{ symbol: 'SPY', price: await highestIn(prices) }])
    } finally {
      await rm(copy, { recursive: true, force: true })
    }
  })
})

async function addToTable(path: string): Promise<void> {
  const table = await readFile(path, 'utf8')
  const added = table
    .replace('const choosers = {', "const choosers = {\n  'highest-price': chooser(highestPrice),")
    .replace('import { aroon }', "import { highestPrice } from './highest-price.ts'\nimport { aroon }")
  assert.notEqual(added, table)
  await writeFile(path, added)
}

async function highestIn(path: string): Promise<number> {
  const { gunzipSync } = await import('node:zlib')
  const [head = '', ...lines] = gunzipSync(await readFile(path))
    .toString()
    .trim()
    .split(/\r?\n/)
  const column = head.split(',').indexOf('High')
  return Math.max(...lines.map((line) => Number(line.split(',')[column])))
}
