import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findText } from './files.mjs'

const pollMs = 100
const beatMs = 1_000
/** An owner that has not touched its lock for this long is gone, even if its process number lives on in another. */
const staleMs = 30_000

/**
 * Runs `work` while no other process runs it. The lock is a folder holding a file with its owner's machine and processes;
 * a lock whose owner is dead, or has stopped touching it, is taken over.
 *
 * @param {string} path
 * @param {(lock: { addProcess(pid: number | undefined): void }) => Promise<void>} work
 */
export async function withInstallLock(path, work) {
  mkdirSync(dirname(path), { recursive: true })
  let told = false
  while (!tryTake(path)) {
    if (removeIfStale(path)) continue
    if (!told) process.stderr.write('waiting for another windsock that is installing…\n')
    told = true
    await delay(pollMs)
  }
  const owner = join(path, 'owner')
  const beat = setInterval(() => touch(owner), beatMs)
  try {
    await work({
      // npm outlives a launcher that is killed: as long as it works the lock holds.
      addProcess: (pid) => writeFileSync(owner, ownerText([process.pid, pid])),
    })
  } finally {
    clearInterval(beat)
    if (isOwn(owner)) rmSync(path, { recursive: true, force: true })
  }
}

/** A folder made elsewhere is moved into place, so a lock is never seen without its owner. */
function tryTake(path) {
  const own = mkdtempSync(`${path}-`)
  writeFileSync(join(own, 'owner'), ownerText([process.pid]))
  try {
    renameSync(own, path)
    return true
  } catch {
    rmSync(own, { recursive: true, force: true })
    return false
  }
}

function removeIfStale(path) {
  const owner = join(path, 'owner')
  const text = findText(owner)
  if (text === undefined || (isOwnerAlive(text) && !isOld(owner))) return false
  const aside = `${path}-stale-${process.pid}`
  try {
    renameSync(path, aside)
    // Another waiter may have been quicker, and this be its new lock: then give it back.
    if (readFileSync(join(aside, 'owner'), 'utf8') === text) rmSync(aside, { recursive: true, force: true })
    else renameSync(aside, path)
  } catch {
    return false
  }
  return true
}

function ownerText(pids) {
  return JSON.stringify({ host: hostname(), pids: pids.filter((pid) => pid !== undefined) })
}

/** Not so when this machine slept and another took the lock over meanwhile. */
function isOwn(owner) {
  try {
    const { host, pids } = JSON.parse(readFileSync(owner, 'utf8'))
    return host === hostname() && pids[0] === process.pid
  } catch {
    return false
  }
}

/** Only this machine's processes can be asked; an owner elsewhere is judged by its touches alone. */
function isOwnerAlive(text) {
  try {
    const { host, pids } = JSON.parse(text)
    return host !== hostname() || pids.some((pid) => isAlive(pid))
  } catch {
    return true // half written: the touch decides
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

function isOld(path) {
  try {
    return Date.now() - statSync(path).mtimeMs > staleMs
  } catch {
    return false
  }
}

function touch(path) {
  try {
    const now = new Date()
    utimesSync(path, now, now)
  } catch {
    // taken over after a long sleep of this machine; the new owner's stamp will be the same
  }
}
