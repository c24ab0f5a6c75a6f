import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Part, RunningPart } from './part.ts'

const mainFile = fileURLToPath(new URL('../main.ts', import.meta.url))
const logBytesMax = 5_000_000

/** A part as a process of its own, which writes to `HOME/logs/NAME.log` and stops by itself when we are gone. */
export function processPart(part: Pick<Part, 'name' | 'role'>, args: readonly string[], home: string): Part {
  return {
    ...part,
    start() {
      const log = openLog(home, part.name)
      const child = spawn(process.execPath, [...process.execArgv, mainFile, ...args], {
        stdio: ['ignore', log.fd, log.fd, 'ipc'],
        // A process group of its own: Ctrl-C in the terminal is ours to pass on.
        detached: process.platform !== 'win32',
      })
      closeSync(log.fd)
      return follow(child, log.path, log.start)
    },
  }
}

function follow(child: ChildProcess, logPath: string, logStart: number): RunningPart {
  const ended = new Promise<string | undefined>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('exit', (code, signal) => {
      if (code === 0) return resolve(undefined)
      const lastWords = lastLine(logPath, logStart)
      const how = signal === null ? `exited with ${code}` : `was ended by ${signal}`
      resolve(lastWords === undefined || signal !== null ? how : lastWords)
    })
  })
  return {
    pid: child.pid,
    ended,
    async stop(withinMs) {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), withinMs)
      await ended
      clearTimeout(timer)
    },
  }
}

function openLog(home: string, name: string): { fd: number; path: string; start: number } {
  const folder = join(home, 'logs')
  mkdirSync(folder, { recursive: true })
  const path = join(folder, `${name}.log`)
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > logBytesMax) renameSync(path, `${path}.1`)
  return { fd: openSync(path, 'a'), path, start: size > logBytesMax ? 0 : size }
}

function lastLine(path: string, from: number): string | undefined {
  const lines = readFileSync(path).subarray(from).toString().trim().split('\n')
  return lines.at(-1)?.replace(/^windsock: /, '') || undefined
}
