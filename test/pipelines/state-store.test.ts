import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { WindsockError } from '../../src/foundation/errors.ts'
import { openStateStore, type StateStore } from '../../src/pipelines/state-store.ts'
import { temporaryFolder } from './temporary-folder.ts'

const log = { topic: 'prices', id: 'one' }

function open(folder: string | undefined, id = log.id): StateStore {
  return openStateStore(folder, 'aroon', { ...log, id })
}

const stateOf = (n: number, key = 'A'): { key: string; state: string } => ({ key, state: `{"n":${n}}` })

const statesOf = (store: StateStore): Record<string, string> =>
  Object.fromEntries([...store.states()].map(({ key, state }) => [key, state]))

/** Opens a store, looks at it and closes it. */
function contentOf(folder: string): { states: Record<string, string>; positions: ReadonlyMap<number, number> } {
  const store = open(folder)
  const content = { states: statesOf(store), positions: store.positions }
  store.close()
  return content
}

function fails(code: WindsockError['code'], message: RegExp, hint: RegExp) {
  return (error: unknown): boolean => {
    assert.ok(error instanceof WindsockError, String(error))
    assert.equal(error.code, code)
    assert.match(error.message, message)
    assert.match(error.hint ?? '', hint)
    return true
  }
}

/** Changes the stored file behind the back of the store. */
function alter(folder: string, sql: string): void {
  const database = new DatabaseSync(join(folder, 'aroon.sqlite'))
  database.exec(sql)
  database.close()
}

describe('the state store', () => {
  it('says so when another process holds it in the middle of storing', (t) => {
    const folder = temporaryFolder(t)
    open(folder).close()
    const holder = new DatabaseSync(join(folder, 'aroon.sqlite'))
    holder.exec('begin immediate')
    assert.throws(() => open(folder), fails('state-locked', /held by another process/, /end it or let it go on/))
    holder.exec('rollback')
    holder.close()
    open(folder).close()
  })

  it('is empty at first, and then holds the newest state of every key with the positions', (t) => {
    const folder = temporaryFolder(t)
    const store = open(join(folder, 'made', 'when missing'))
    assert.deepEqual([statesOf(store), store.positions.size], [{}, 0])
    store.commit(
      [stateOf(1), stateOf(2, 'B')],
      new Map([
        [0, 7],
        [3, 9],
      ]),
    )
    store.commit([stateOf(3)], new Map([[0, 8]]))
    store.close()
    assert.deepEqual(contentOf(join(folder, 'made', 'when missing')), {
      states: { A: '{"n":3}', B: '{"n":2}' },
      positions: new Map([
        [0, 8],
        [3, 9],
      ]),
    })
  })

  it('in memory lasts until it is closed', () => {
    const store = open(undefined)
    store.commit([stateOf(1)], new Map([[0, 7]]))
    store.check()
    assert.deepEqual(statesOf(store), { A: '{"n":1}' })
    store.close()
    const other = open(undefined)
    assert.deepEqual(statesOf(other), {})
    other.close()
  })

  it('gives back any state under any key, and positions up to 2^53', (t) => {
    const folder = temporaryFolder(t)
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom('', '__proto__', 'a\u0000b', '\u0000', '\ud800', '\udfff', '\ufffd', "'; drop table states"),
      fc.double(),
      fc.constant(null),
    )
    // As JSON, which they are: SQLite's text is UTF-8, in which half a surrogate pair would become another key.
    const key = fc.array(value, { minLength: 1, maxLength: 3 }).map((values) => JSON.stringify(values))
    const state = fc
      .dictionary(fc.string(), fc.oneof(fc.array(fc.double()), fc.string({ unit: 'binary' })))
      .map((fields) => JSON.stringify(fields))
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ key, state }), { selector: (each) => each.key }),
        fc.nat(),
        (states, position) => {
          const store = openStateStore(folder, 'any', log)
          const positions = new Map([
            [0, position],
            [511, Number.MAX_SAFE_INTEGER - position],
          ])
          store.commit(states, positions)
          store.close()
          const again = openStateStore(folder, 'any', log)
          const found = new Map([...again.states()].map((each) => [each.key, each.state]))
          for (const each of states) assert.equal(found.get(each.key), each.state, each.key)
          assert.deepEqual(again.positions, positions)
          again.close()
        },
      ),
      { numRuns: 40 },
    )
  })

  it('stores states and positions together or not at all', (t) => {
    const folder = temporaryFolder(t)
    const store = open(folder)
    store.commit([stateOf(1)], new Map([[0, 1]]))
    function* failing(): Iterable<{ key: string; state: string }> {
      yield stateOf(2)
      throw new TypeError('no state')
    }
    assert.throws(() => store.commit(failing(), new Map([[0, 2]])), TypeError)
    assert.throws(() => store.commit([stateOf(2)], new Map([[0, Number.NaN]])))
    assert.deepEqual(statesOf(store), { A: '{"n":1}' })
    store.commit([stateOf(3)], new Map([[0, 3]]))
    store.close()
    assert.deepEqual(contentOf(folder), { states: { A: '{"n":3}' }, positions: new Map([[0, 3]]) })
  })

  it('has states and positions of one moment after its process was killed', async (t) => {
    const folder = temporaryFolder(t)
    const script = `
      import { openStateStore } from ${JSON.stringify(new URL('../../src/pipelines/state-store.ts', import.meta.url).href)}
      const store = openStateStore(${JSON.stringify(folder)}, 'aroon', ${JSON.stringify(log)})
      for (let n = 1; ; n++) {
        const states = [{ key: 'A', state: String(n) }, { key: 'B', state: n + 'x'.repeat(5_000) }]
        store.commit(states, new Map([[0, n], [1, n]]))
        if (n === 30) process.stdout.write('under way')
      }`
    const child = spawn(process.execPath, ['--input-type=module', '--no-warnings', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    t.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'exit')
    const first = await Promise.race([once(child.stdout, 'data'), ended])
    assert.equal(String(first[0]), 'under way')
    child.kill('SIGKILL')
    await ended
    const { states, positions } = contentOf(folder)
    const n = positions.get(0)
    assert.ok(n !== undefined && n >= 30)
    assert.deepEqual([positions.get(1), states['A'], states['B']], [n, String(n), n + 'x'.repeat(5_000)])
  })

  it('belongs to whoever opened it last: an earlier owner changes nothing more', (t) => {
    const folder = temporaryFolder(t)
    const first = open(folder)
    first.commit([stateOf(1)], new Map([[0, 1]]))
    const second = open(folder)
    assert.deepEqual(second.positions, new Map([[0, 1]]))
    const isFenced = fails('fenced', /^another process took over the state of aroon$/, /stop one of the two/)
    assert.throws(() => first.check(), isFenced)
    assert.throws(() => first.commit([stateOf(99)], new Map([[0, 99]])), isFenced)
    second.check()
    second.commit([stateOf(2)], new Map([[0, 2]]))
    assert.deepEqual(statesOf(second), { A: '{"n":2}' })
    first.close()
    second.close()
  })

  it('is refused when it stands for another log, and stays as it is', (t) => {
    const folder = temporaryFolder(t)
    const store = open(folder)
    store.commit([stateOf(1)], new Map([[0, 1]]))
    store.close()
    assert.throws(
      () => open(folder, 'two'),
      fails(
        'topic-mismatch',
        /^the stored state of aroon stands for another log than today's topic prices$/,
        /--fresh/,
      ),
    )
    assert.throws(() => openStateStore(folder, 'aroon', { topic: 'flights', id: 'one' }), { code: 'topic-mismatch' })
    assert.deepEqual(contentOf(folder), { states: { A: '{"n":1}' }, positions: new Map([[0, 1]]) })
  })

  it('of another layout is refused, and stays as it is', (t) => {
    const folder = temporaryFolder(t)
    const store = open(folder)
    store.commit([stateOf(1)], new Map([[0, 1]]))
    store.close()
    const version = Number(layoutOf(folder))
    // Of layout 2 the states were there under other keys.
    for (const other of [0, 2, version + 1]) {
      alter(folder, `update meta set value = '${other}' where name = 'layout'`)
      assert.throws(
        () => open(folder),
        fails('state-damaged', /was written by another version of Windsock$/, /--fresh/),
      )
    }
    alter(folder, `update meta set value = '${version}' where name = 'layout'`)
    assert.deepEqual(contentOf(folder), { states: { A: '{"n":1}' }, positions: new Map([[0, 1]]) })
  })

  it('that is no database is refused as damaged, and is left alone', (t) => {
    const folder = temporaryFolder(t)
    const path = join(folder, 'aroon.sqlite')
    writeFileSync(path, 'x'.repeat(8_192))
    assert.throws(
      () => open(folder),
      fails('state-damaged', /^the state of aroon at .* cannot be read: it is damaged$/, /--fresh/),
    )
    assert.equal(readFileSync(path, 'utf8'), 'x'.repeat(8_192))
  })

  it('is refused as damaged when a page of it was overwritten, wherever that is', (t) => {
    const page = 4_096
    for (let damaged = 0; damaged < 8; damaged++) {
      const folder = temporaryFolder(t)
      const store = open(folder)
      const states = Array.from({ length: 60 }, (_, n) => ({ key: `key ${n}`, state: n + 'x'.repeat(400) }))
      store.commit(states, new Map([[0, 60]]))
      store.close()
      const path = join(folder, 'aroon.sqlite')
      assert.ok(statSync(path).size > 8 * page)
      const file = openSync(path, 'r+')
      writeSync(file, Buffer.alloc(page, 0xee), 0, page, damaged * page)
      closeSync(file)
      // Whatever was lost must be noticed, at the opening or at the reading: half of the states are worse than none.
      assert.throws(
        () => {
          const again = open(folder)
          try {
            assert.deepEqual(statesOf(again), Object.fromEntries(states.map(({ key, state }) => [key, state])))
          } finally {
            again.close()
          }
        },
        { code: 'state-damaged' },
        `page ${damaged}`,
      )
    }
  })

  it('in a place where nothing can be written is a mistake of the configuration', (t) => {
    const folder = temporaryFolder(t)
    writeFileSync(join(folder, 'a file'), '')
    assert.throws(
      () => open(join(folder, 'a file')),
      fails('config', /^the state of aroon at .* cannot be opened \(/, /--home/),
    )
  })
})

function layoutOf(folder: string): unknown {
  const database = new DatabaseSync(join(folder, 'aroon.sqlite'))
  const row = database.prepare("select value from meta where name = 'layout'").get()
  database.close()
  return row?.['value']
}
