import type { ProcessView, SystemStatus } from '../../model/live.ts'
import type { Connection } from './live.ts'
import { formatDuration } from './format.ts'

/** Whether what is shown may be old, and why. */

/** A process reports about once a second; three missed reports are a silence. */
export const silentAfterMs = 3_000

export type Health = 'starting' | 'running' | 'draining' | 'stopped' | 'silent' | 'failed'

/** What its last report says, unless a process that should speak has fallen silent. */
export function healthOf(process: ProcessView, now: number): Health {
  const isSpeaking = process.state !== 'stopped' && process.state !== 'failed'
  return isSpeaking && now - process.heardAt > silentAfterMs ? 'silent' : process.state
}

export function describeHealth(process: ProcessView, now: number): string {
  const health = healthOf(process, now)
  return health === 'silent' ? `silent for ${formatDuration(now - process.heardAt)}` : health
}

/**
 * Why a chart is stale, in a few words, or null when it is not.
 * @param analysis the analysis that makes the chart's values
 * @param source the source behind it; once all that it has was played it may rest
 */
export function staleReason(
  connection: Connection,
  system: SystemStatus | null,
  now: number,
  analysis: string,
  source: string,
): string | null {
  if (connection.kind === 'lost') return 'not connected'
  if (system === null) return null
  if (system.broker.kind === 'down') return 'the broker is away'
  const sources = playbackOf(system, source) === 'ended' ? [] : copiesOf(system, 'source', source)
  return outOfWork(copiesOf(system, 'analysis', analysis), now) ?? outOfWork(sources, now)
}

/** What one source does: it may have come to its end while others still play. */
export function playbackOf(system: SystemStatus, source: string): SystemStatus['playback'] {
  const copies = copiesOf(system, 'source', source)
  const isOver = copies.length > 0 && copies.every(({ state, progress }) => state === 'stopped' && progress === 1)
  return isOver ? 'ended' : system.playback
}

function copiesOf(system: SystemStatus, role: ProcessView['role'], name: string): ProcessView[] {
  return system.processes.filter((process) => process.role === role && isCopyOf(process.name, name))
}

/** Copies of one process are named after it: `aroon`, `aroon-2`. */
function isCopyOf(name: string, of: string): boolean {
  return name === of || (name.startsWith(of) && /^[-.#]?\d+$/.test(name.slice(of.length)))
}

const verbs: Readonly<Record<Health, string>> = {
  starting: 'is starting',
  running: 'is running',
  draining: 'is draining',
  stopped: 'is stopped',
  silent: 'is silent',
  failed: 'failed',
}

/** A sentence when none of the copies works. */
function outOfWork(copies: readonly ProcessView[], now: number): string | null {
  const isWorking = copies.some((copy) => ['starting', 'running', 'draining'].includes(healthOf(copy, now)))
  const [first] = copies
  return first === undefined || isWorking ? null : `${first.name} ${verbs[healthOf(first, now)]}`
}
