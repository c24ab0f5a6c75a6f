import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemCode, WindsockError } from '../foundation/errors.ts'
import type { KeyState } from './folding.ts'

type StoredState = Pick<KeyState, 'key' | 'state'>

/**
 * The states of one group and the positions they stand for, stored together: after any crash both are of the same moment.
 * Whoever opens it last owns it; an earlier owner's next commit is refused, so a zombie changes nothing.
 */
export interface StateStore {
  readonly positions: ReadonlyMap<number, number>
  /** @throws WindsockError `state-damaged` */
  states(): Iterable<StoredState>
  /** @throws WindsockError `fenced` when another process has opened it since */
  check(): void
  /** @throws WindsockError `fenced` when another process has opened it since */
  commit(states: Iterable<StoredState>, positions: ReadonlyMap<number, number>): void
  close(): void
}

/** Bumped when the layout changes; a store of another version is refused, never misread. */
const layoutVersion = 3

/**
 * Opens the store of a group, an empty one when there is none.
 *
 * @param folder where stores are kept, or undefined for one in memory only
 * @param log the topic and its id: states of another log are never continued
 * @throws WindsockError `topic-mismatch` when the stored states stand for another log, `state-damaged`, `config`
 */
export function openStateStore(
  folder: string | undefined,
  group: string,
  log: { readonly topic: string; readonly id: string },
): StateStore {
  const path = folder === undefined ? ':memory:' : join(folder, `${group}.sqlite`)
  try {
    if (folder !== undefined) mkdirSync(folder, { recursive: true })
    const database = new DatabaseSync(path, { timeout: 5_000 })
    // In the write-ahead log a commit survives the death of this process; after a power cut the last ones may be undone,
    // states and positions together, and are computed again.
    database.exec('pragma journal_mode = wal; pragma synchronous = normal')
    return new SqliteStore(database, group, log)
  } catch (error) {
    if (error instanceof WindsockError) throw error
    if (isDamage(error)) throw damaged(group, path, error)
    if (/database is locked/i.test(String(error))) {
      throw new WindsockError('state-locked', `the state of ${group} at ${path} is held by another process`, {
        hint: 'It may be suspended in the middle of storing: end it or let it go on',
        cause: error,
      })
    }
    const reason = systemCode(error) ?? String(error)
    throw new WindsockError('config', `the state of ${group} at ${path} cannot be opened (${reason})`, {
      hint: 'Check the folder given by --home',
      cause: error,
    })
  }
}

function isDamage(error: unknown): boolean {
  return /malformed|not a database|corrupt/i.test(String(error))
}

function damaged(group: string, path: string, cause: unknown): WindsockError {
  return new WindsockError('state-damaged', `the state of ${group} at ${path} cannot be read: it is damaged`, {
    hint: 'Start with --fresh to compute it again from the log',
    cause,
  })
}

class SqliteStore implements StateStore {
  readonly positions: ReadonlyMap<number, number>
  private readonly database: DatabaseSync
  private readonly group: string
  private readonly owner = randomUUID()

  constructor(database: DatabaseSync, group: string, log: { readonly topic: string; readonly id: string }) {
    this.database = database
    this.group = group
    database.exec(`
      create table if not exists meta (name text primary key, value text not null) strict;
      create table if not exists positions (partition integer primary key, position integer not null) strict;
      create table if not exists states (key text primary key, state text not null) strict, without rowid`)
    this.inTransaction(() => {
      this.expect('layout', String(layoutVersion), 'state-damaged', 'was written by another version of Windsock')
      this.expect(
        'log',
        `${log.topic} ${log.id}`,
        'topic-mismatch',
        `stands for another log than today's topic ${log.topic}`,
      )
      this.set('owner', this.owner)
    })
    const rows = database.prepare('select partition, position from positions').all()
    this.positions = new Map(rows.map(({ partition, position }) => [Number(partition), Number(position)]))
  }

  *states(): Iterable<StoredState> {
    try {
      for (const { key, state } of this.database.prepare('select key, state from states').iterate()) {
        yield { key: String(key), state: String(state) }
      }
    } catch (error) {
      throw isDamage(error) ? damaged(this.group, this.database.location() ?? ':memory:', error) : error
    }
  }

  check(): void {
    if (this.get('owner') === this.owner) return
    throw new WindsockError('fenced', `another process took over the state of ${this.group}`, {
      hint: 'One process works for a group at a time; stop one of the two',
    })
  }

  commit(states: Iterable<StoredState>, positions: ReadonlyMap<number, number>): void {
    this.inTransaction(() => {
      this.check()
      const putState = this.database.prepare('insert or replace into states (key, state) values (?, ?)')
      for (const { key, state } of states) putState.run(key, state)
      const putPosition = this.database.prepare('insert or replace into positions (partition, position) values (?, ?)')
      for (const [partition, position] of positions) putPosition.run(partition, position)
    })
  }

  close(): void {
    this.database.close()
  }

  private expect(name: string, wanted: string, code: 'state-damaged' | 'topic-mismatch', what: string): void {
    const found = this.get(name)
    if (found === undefined) this.set(name, wanted)
    else if (found !== wanted) {
      throw new WindsockError(code, `the stored state of ${this.group} ${what}`, {
        hint: 'Start with --fresh to compute it again from the log',
      })
    }
  }

  private get(name: string): string | undefined {
    const row = this.database.prepare('select value from meta where name = ?').get(name)
    return row === undefined ? undefined : String(row['value'])
  }

  private set(name: string, value: string): void {
    this.database.prepare('insert or replace into meta (name, value) values (?, ?)').run(name, value)
  }

  private inTransaction(work: () => void): void {
    this.database.exec('begin immediate')
    try {
      work()
      this.database.exec('commit')
    } catch (error) {
      this.database.exec('rollback')
      throw error
    }
  }
}
