import { mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { systemCode } from '../../../foundation/errors.ts'
import { brokerDir, homeError } from './cluster-file.ts'

const waitMsMax = 30_000
const pollMs = 50

/**
 * Runs `body` while no other process starts or stops brokers in this home. A lock whose owner died is taken over, and
 * so is one that is held for 30 s.
 */
export async function withStartLock<Result>(home: string, body: () => Promise<Result>): Promise<Result> {
  const path = join(brokerDir(home), 'starting.lock')
  try {
    await mkdir(brokerDir(home), { recursive: true })
    await takeLock(path)
  } catch (error) {
    throw homeError(home, 'it cannot be written', error)
  }
  try {
    return await body()
  } finally {
    await rm(path, { force: true })
  }
}

async function takeLock(path: string): Promise<void> {
  const endMs = performance.now() + waitMsMax
  while (!(await tryLock(path))) {
    if ((await isAbandoned(path)) || performance.now() > endMs) await rm(path, { force: true })
    else await delay(pollMs)
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx')
    await file.writeFile(String(process.pid))
    await file.close()
    return true
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false
    throw error
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const pid = Number(await readFile(path, 'utf8').catch(() => ''))
  if (!Number.isInteger(pid) || pid <= 0) return false // its owner is just writing it
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return systemCode(error) === 'ESRCH'
  }
}
