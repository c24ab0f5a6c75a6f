import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import type { WindsockError } from '../../../foundation/errors.ts'
import type { NodeEntry } from './cluster-file.ts'
import { crashError } from './node-log.ts'
import { isNodeAlive } from './node-process.ts'

export interface WatchedNode {
  readonly entry: NodeEntry
  /** Undefined for a broker that another process started. */
  readonly child: ChildProcess | undefined
}

export interface NodeWatch {
  /** Resolves with the reason when a node dies unasked, and with undefined when the watch ends before. */
  readonly exited: Promise<WindsockError | undefined>
  /** From now on a node's end is expected. */
  expectEnd(): void
  /** Resolves once the nodes that were started here are gone without a trace. */
  reaped(): Promise<void>
  /** Ends the watch, and with it what kept this process waiting for the brokers. */
  end(): void
}

const adoptedPollMs = 250

export function watchNodes(home: string, nodes: readonly WatchedNode[]): NodeWatch {
  const { promise: exited, resolve } = Promise.withResolvers<WindsockError | undefined>()
  let isEndExpected = false
  const stopWatching = (): void => {
    isEndExpected = true
    clearInterval(timer)
    for (const { child } of nodes) child?.unref()
  }
  const died = (nodeId: number, how: string): void => {
    if (isEndExpected) return
    stopWatching() // the first death is the reason
    void crashError(home, nodeId, how).then(resolve)
  }
  for (const { entry, child } of nodes) {
    child?.once('exit', (exitCode, signal) => died(entry.nodeId, describeExit(exitCode, signal)))
  }
  const timer = pollAdopted(home, nodes, died)
  return {
    exited,
    expectEnd() {
      isEndExpected = true
    },
    async reaped() {
      for (const { child } of nodes) if (child !== undefined && !hasExited(child)) await once(child, 'exit')
    },
    end() {
      stopWatching()
      resolve(undefined)
    },
  }
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** What Java makes of a SIGTERM, having closed its logs. */
const exitCodeAfterTerm = 143

function describeExit(exitCode: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `was ended by ${signal}`
  return exitCode === exitCodeAfterTerm ? 'was stopped from outside' : `ended with exit code ${exitCode}`
}

function pollAdopted(
  home: string,
  nodes: readonly WatchedNode[],
  died: (nodeId: number, how: string) => void,
): NodeJS.Timeout | undefined {
  const adopted = nodes.filter(({ child }) => child === undefined)
  if (adopted.length === 0) return undefined
  return setInterval(() => {
    for (const { entry } of adopted) {
      void isNodeAlive(home, entry).then((isAlive) => {
        if (!isAlive) died(entry.nodeId, 'ended')
      })
    }
  }, adoptedPollMs)
}
