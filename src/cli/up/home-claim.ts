import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode, WindsockError } from '../../foundation/errors.ts'

/** Who runs in a home: what `up.json` there says, for scripts and for whoever finds the processes. */
export interface HomeNote {
  readonly pid: number
  /** Null while everything is still starting. */
  readonly url: string | null
  readonly brokers: string
  /** The processes of the local broker. */
  readonly broker: readonly number[]
  /** The processes of sources and analyses, by name. */
  readonly parts: Readonly<Record<string, number>>
}

/** A home that one `windsock up` has for itself. */
export interface HomeClaim {
  note(note: HomeNote): void
  release(): void
}

/**
 * Takes a home, so that two of us do not take broker and groups from each other.
 *
 * @throws WindsockError `config` when another `windsock up` runs there
 */
export function claimHome(home: string): HomeClaim {
  const path = join(home, 'up.json')
  // Renamed into its place, so that nobody reads half of it.
  const note = (noted: HomeNote): void => {
    writeFileSync(`${path}.new`, toText(noted))
    renameSync(`${path}.new`, path)
  }
  const begin: HomeNote = { pid: process.pid, url: null, brokers: '', broker: [], parts: {} }
  try {
    writeFileSync(path, toText(begin), { flag: 'wx' })
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error
    refuseIfInUse(home, path)
    note(begin)
  }
  return { note, release: () => rmSync(path, { force: true }) }
}

function toText(note: HomeNote): string {
  return `${JSON.stringify(note, null, 2)}\n`
}

function refuseIfInUse(home: string, path: string): void {
  const { pid, url } = readNote(path)
  if (pid === undefined || pid === process.pid || !isWindsockUp(pid)) return
  const where = url === undefined ? '' : `, at ${url}`
  throw new WindsockError('config', `windsock up runs from ${home} already (process ${pid}${where})`, {
    hint: 'Stop it first, or choose another home with --home DIR',
  })
}

function readNote(path: string): { pid?: number; url?: string } {
  try {
    const { pid, url }: { pid?: unknown; url?: unknown } = { ...JSON.parse(readFileSync(path, 'utf8')) }
    return {
      ...(typeof pid === 'number' && Number.isInteger(pid) && pid > 0 ? { pid } : {}),
      ...(typeof url === 'string' ? { url } : {}),
    }
  } catch {
    return {} // gone, or half written by one that died
  }
}

/** Another program may have the number by now; where /proc tells the arguments, they are the proof. */
function isWindsockUp(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
  if (process.platform !== 'linux') return true
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return args.includes('up') && args.some((arg) => arg.endsWith('main.ts'))
  } catch {
    return false
  }
}
