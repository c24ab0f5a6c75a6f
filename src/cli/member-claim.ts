import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { WindsockError } from '../foundation/errors.ts'

/** A member id that no other process of this home uses meanwhile. */
export interface MemberClaim {
  readonly id: string
  release(): void
}

const membersMax = 1_000

/**
 * Takes the first free place of a group in a home, and with it the member id that whoever had it before used: a process that
 * was killed and is started again is the same member, and has its partitions back at once. Processes of one group at
 * the same time have places of their own.
 *
 * The place is held by the operating system's lock on a file, which ends with the process however it dies; SQLite is how
 * Node takes one.
 *
 * @throws WindsockError `config` when the folder cannot be written
 */
export function claimMember(folder: string, group: string): MemberClaim {
  try {
    mkdirSync(folder, { recursive: true })
    for (let place = 0; place < membersMax; place++) {
      const claim = tryPlace(join(folder, `${group}.${place}`))
      if (claim !== undefined) return claim
    }
  } catch (error) {
    throw new WindsockError('config', `the folder ${folder} cannot be used (${String(error)})`, {
      hint: 'Check the folder given by --home',
      cause: error,
    })
  }
  throw new WindsockError('config', `${membersMax} processes of ${group} run from ${folder} already`)
}

function tryPlace(path: string): MemberClaim | undefined {
  const file = new DatabaseSync(path, { timeout: 0 })
  try {
    // In exclusive mode the lock of the first transaction is kept until the file is closed.
    file.exec('pragma locking_mode = exclusive; begin exclusive')
    file.exec('create table if not exists member (id text not null) strict')
    const known = file.prepare('select id from member').get()?.['id']
    const id = typeof known === 'string' ? known : randomUUID()
    if (known === undefined) file.prepare('insert into member (id) values (?)').run(id)
    file.exec('commit')
    return { id, release: () => file.close() }
  } catch (error) {
    file.close()
    if (/locked|busy/i.test(String(error))) return undefined
    throw error
  }
}
