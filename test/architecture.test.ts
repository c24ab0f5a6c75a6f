import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkCode, checkLengths, checkMirroredTests, checkNames, checkTexts } from './architecture/check-files.ts'
import { checkCycles, checkImports } from './architecture/check-imports.ts'
import type { Sources } from './architecture/parsed-file.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const src = readSources('src/**/*.ts')
const tests = readSources('test/**/*.ts')
const tools = readSources('scripts/**/*.{ts,mjs,cjs}', 'bench/**/*.ts')
const testPaths = Object.keys(tests)

describe('the source tree', () => {
  it('imports only downwards, by the table', () => expectNone(checkImports(src)))
  it('has no import cycles', () => expectNone(checkCycles(src)))
  it('has telling names in kebab-case', () => expectNone(checkNames(Object.keys({ ...src, ...tests, ...tools }))))
  it('has no default exports, no any and no silenced checks', () =>
    expectNone(checkCode({ ...src, ...tests, ...tools })))
  it('has no overlong files', () => expectNone(checkLengths({ ...src, ...tools })))
  it('has a mirrored test for every file with code', () => expectNone(checkMirroredTests(src, testPaths)))

  const noGit = existsSync(join(root, '.git')) ? false : 'needs a git checkout: it looks at the files that git knows'
  it('names no registry host and no folder of a machine', { skip: noGit }, () => {
    expectNone(checkTexts(readRepositoryTexts()))
  })
})

describe('the import rules', () => {
  it('see Node in an analysis', () => {
    assert.deepEqual(violationsOf('src/analyses/x.ts', "import 'node:fs'"), [
      'src/analyses/x.ts imports node:fs: analyses runs anywhere, so it uses nothing of Node',
    ])
    assert.equal(violationsOf('src/analyses/x.ts', "import 'fs'").length, 1)
  })
  it('see an import upwards, whichever way it is written', () => {
    for (const source of [
      "import { a } from '../broker/broker.ts'",
      "import type { A } from '../broker/broker.ts'",
      "export { a } from '../broker/broker.ts'",
      "export * from '../broker/broker.ts'",
      "export const a = () => import('../broker/broker.ts')",
    ]) {
      assert.deepEqual(
        violationsOf('src/model/x.ts', source),
        ['src/model/x.ts imports ../broker/broker.ts: model may import nothing'],
        source,
      )
    }
  })
  it('let through what the table allows', () => {
    const allowed: Sources = {
      'src/topics/a.ts': "import { a } from '../foundation/errors.ts'\nimport { b } from '../model/b.ts'",
      'src/pipelines/a.ts': "import 'node:fs'\nimport { a } from '../broker/broker.ts'",
      'src/broker/kafka/server/a.ts': "import { a } from '../client.ts'\nimport { b } from '../../broker.ts'",
      'src/dashboard/browser/views/a.ts': "import type { A } from '../../../analyses/a.ts'\nimport uPlot from 'uplot'",
      'src/cli/a.ts': "import { a } from '../broker/kafka/server/a.ts'",
    }
    assert.deepEqual(checkImports(allowed), [])
  })
  it('know single files of a folder', () => {
    assert.equal(violationsOf('src/topics/a.ts', "import { a } from '../foundation/run.ts'").length, 1)
    assert.equal(violationsOf('src/pipelines/a.ts', "import { a } from '../broker/kafka/a.ts'").length, 1)
    assert.equal(violationsOf('src/pipelines/a.ts', "import { a } from '../broker/lag.ts'").length, 1)
  })
  it('keep the two brokers apart', () => {
    assert.equal(violationsOf('src/broker/memory/a.ts', "import { a } from '../kafka/a.ts'").length, 1)
    assert.equal(violationsOf('src/broker/broker.ts', "import { a } from './kafka/a.ts'").length, 1)
  })
  it('keep the Kafka client in its folder', () => {
    assert.deepEqual(violationsOf('src/monitor/a.ts', "import { Admin } from '@platformatic/kafka'"), [
      'src/monitor/a.ts imports @platformatic/kafka: only broker/kafka may',
    ])
  })
  it('let a view have types of an analysis and nothing else of it', () => {
    const path = 'src/dashboard/browser/views/a.ts'
    assert.deepEqual(violationsOf(path, "import { type A, a } from '../../../analyses/a.ts'"), [
      `${path} imports ../../../analyses/a.ts: dashboard/browser may import only types of analyses`,
    ])
  })
  it('see a folder without a row, and what lies outside of src', () => {
    assert.deepEqual(violationsOf('src/extras/a.ts', ''), ['src/extras/a.ts lies in no folder of the table'])
    assert.equal(violationsOf('src/cli/a.ts', "import { a } from '../../scripts/a.ts'").length, 1)
  })
  it('see a ring of imports once', () => {
    const ring: Sources = {
      'src/model/a.ts': "import { b } from './b.ts'",
      'src/model/b.ts': "import { c } from './c.ts'",
      'src/model/c.ts': "import { a } from './a.ts'",
      'src/model/d.ts': "import { a } from './a.ts'",
    }
    assert.deepEqual(checkCycles(ring), ['src/model/a.ts → src/model/b.ts → src/model/c.ts → src/model/a.ts'])
    assert.deepEqual(checkCycles({ ...ring, 'src/model/c.ts': '' }), [])
  })
})

describe('the other rules', () => {
  it('see empty and odd names, in files and folders', () => {
    const odd = ['src/model/utils.ts', 'src/model/topicNames.ts', 'src/common/a.ts', 'src/broker/topic-manager.ts']
    assert.equal(checkNames([...odd, 'src/model/flight.ts', 'test/model/flight.test.ts']).length, odd.length)
  })
  it('see default exports, any and silencers, but not in strings', () => {
    assert.deepEqual(
      checkCode({
        'a.ts': 'export default function a() {}',
        'b.ts': 'const a = 1\nexport { a as default }',
        'c.ts': 'let a = 1\nlet b: any',
        'd.ts': '// eslint-disable-next-line\nlet a = 1',
        'e.ts': "const a = '// @ts-ignore: any'",
      }),
      [
        'a.ts has a default export',
        'b.ts has a default export',
        'c.ts:2 says any',
        'd.ts silences a checker by eslint-disable',
      ],
    )
  })
  it('count lines without the blank ones', () => {
    assert.deepEqual(checkLengths({ 'a.ts': 'x\n\n'.repeat(400) }), [])
    assert.equal(checkLengths({ 'a.ts': 'x\n'.repeat(401) }).length, 1)
  })
  it('want a mirrored test where there is code', () => {
    const sources: Sources = {
      'src/model/a.ts': 'export const a = 1',
      'src/model/b.ts': "import type { A } from './a.ts'\nexport interface B { a: A }\nexport type C = B",
      'src/model/c.ts': "export { a } from './a.ts'",
    }
    assert.deepEqual(checkMirroredTests(sources, [], []), ['src/model/a.ts has no test/model/a.test.ts'])
    assert.deepEqual(checkMirroredTests(sources, ['test/model/a.test.ts'], []), [])
    assert.deepEqual(checkMirroredTests(sources, [], [{ file: 'src/model/a.ts', reason: 'a constant' }]), [])
    assert.deepEqual(checkMirroredTests(sources, [], [{ file: 'src/model/', reason: 'constants' }]), [])
  })
  it('want the table of untested files to be true', () => {
    const sources: Sources = { 'src/model/a.ts': 'export const a = 1' }
    const row = { file: 'src/model/a.ts', reason: 'a constant' }
    assert.equal(checkMirroredTests(sources, ['test/model/a.test.ts'], [row]).length, 1)
    assert.equal(checkMirroredTests({}, [], [row]).length, 1)
    assert.equal(checkMirroredTests(sources, [], [{ ...row, coveredBy: 'test/cli/a.test.ts' }]).length, 1)
  })
  it('see registry hosts and folders of a machine', () => {
    const host = ['https:', '', 'registry.npmjs.org', 'a'].join('/')
    const folders = [['', 'work', 'main'].join('/'), ['', 'home', 'anna', 'main'].join('/')]
    const integrity = `  "integrity": "sha512-${['', 'work', ''].join('/')}"`
    assert.deepEqual(
      checkTexts({ 'a.md': `x\n${host}`, 'b.md': `see ${folders[0]}`, 'c.md': `cd ${folders[1]}` }).map(
        (line) => line.split(' ')[0],
      ),
      ['a.md:2', 'b.md:1', 'c.md:1'],
    )
    assert.deepEqual(checkTexts({ 'a/pom.xml': '<project xmlns="http://maven.apache.org/POM/4.0.0"' }), [])
    assert.deepEqual(checkTexts({ 'tools/node/package-lock.json': integrity }), [])
    assert.deepEqual(checkTexts({ 'a.md': `src${folders[0]} and ~${folders[1]} and the way of work/main` }), [])
  })
})

function violationsOf(path: string, source: string): string[] {
  return checkImports({ [path]: source })
}

function expectNone(violations: readonly string[]): void {
  assert.equal(violations.join('\n'), '')
}

function readSources(...patterns: string[]): Sources {
  const paths = patterns.flatMap((pattern) => globSync(pattern, { cwd: root }).toSorted())
  return Object.fromEntries(paths.map((path) => [path.replaceAll('\\', '/'), readFileSync(join(root, path), 'utf8')]))
}

/** Files that are committed or would be, without the binary ones. */
function readRepositoryTexts(): Sources {
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root })
  const paths = new Set(listed.toString().split('\0'))
  return Object.fromEntries(
    [...paths]
      .filter((path) => path !== '' && existsSync(join(root, path)))
      .map((path) => [path, readFileSync(join(root, path), 'utf8')] as const)
      .filter(([, text]) => !text.includes('\0')),
  )
}
