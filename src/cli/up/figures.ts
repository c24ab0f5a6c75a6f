import type { SystemStatus } from '../../model/live.ts'

/** One line of live figures. */
export function describeFigures({ processes, broker, quarantined, playback }: SystemStatus): string {
  const sources = processes.filter(({ role }) => role === 'source')
  const analyses = processes.filter(({ role }) => role === 'analysis')
  const lag = Math.max(0, ...analyses.map(({ lagRecords }) => lagRecords ?? 0))
  const parts = [
    `${count(sum(sources.map(({ records }) => records)))} sent`,
    `${count(sum(sources.map(({ recordsPerSecond }) => recordsPerSecond)))}/s`,
    `${analyses.filter(({ state }) => state === 'running').length} of ${analyses.length} analyses running`,
    `lag ${count(lag)}`,
    `${count(quarantined)} quarantined`,
    ...(playback === 'ended' ? ['all played'] : []),
    ...(broker.kind === 'down' ? [`broker away: ${broker.reason}`] : []),
  ]
  return parts.join(' · ')
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((total, each) => total + (each ?? 0), 0)
}
