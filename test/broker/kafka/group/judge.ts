import type { Note } from './running-member.ts'

/** The time in which a process had a partition: from `gained` to `released` or `lost`, or to its death. */
interface Tenure {
  readonly process: number
  readonly partition: number
  readonly gainedAt: number
  readonly start: number
  firstWork: number | undefined
  lastWork: number
  /** The last position that the group has taken. */
  committed: number
  end: { readonly what: 'released' | 'lost'; readonly at: number } | undefined
}

export interface Verdict {
  /** What must not be, each in a line. */
  readonly complaints: readonly string[]
  readonly counts: { worked: number; tenures: number; handOvers: number; losses: number; fenced: number }
}

/**
 * Judges journals of processes on one machine, whose clocks are one. Work is what was done under a lease.
 *
 * - No two processes work on a partition in turns: all work of one lies before all work of the other.
 * - Nothing is worked on or committed after a partition is released or lost.
 * - After an orderly release the next owner begins exactly where the last commit was.
 */
export function judge(journals: readonly (readonly Note[])[]): Verdict {
  const complaints: string[] = []
  const tenures = journals.flatMap((notes, process) => tenuresOf(notes, process, complaints))
  const byPartition = Map.groupBy(tenures, ({ partition }) => partition)
  let handOvers = 0
  for (const [partition, ofIt] of byPartition) {
    const worked = ofIt
      .filter(({ firstWork }) => firstWork !== undefined)
      .toSorted((a, b) => (a.firstWork ?? 0) - (b.firstWork ?? 0))
    for (const [index, next] of worked.entries()) {
      const last = worked[index - 1]
      if (last === undefined) continue
      if (last.lastWork > (next.firstWork ?? 0)) {
        complaints.push(
          `partition ${partition}: process ${last.process} worked at ${last.lastWork}, after process ${next.process} had begun at ${next.firstWork}`,
        )
      }
    }
    const inOrder = ofIt.toSorted((a, b) => a.gainedAt - b.gainedAt)
    for (const [index, next] of inOrder.entries()) {
      const last = inOrder[index - 1]
      if (last?.end?.what !== 'released') continue
      handOvers++
      if (next.gainedAt < last.end.at) {
        complaints.push(`partition ${partition}: gained at ${next.gainedAt}, released at ${last.end.at}`)
      }
      if (next.start !== last.committed) {
        complaints.push(`partition ${partition}: released at position ${last.committed}, gained at ${next.start}`)
      }
    }
  }
  const count = (what: string): number => journals.flat().filter((note) => note.what === what).length
  return {
    complaints,
    counts: {
      worked: count('worked'),
      tenures: tenures.length,
      handOvers,
      losses: count('lost'),
      fenced: count('fenced'),
    },
  }
}

function tenuresOf(notes: readonly Note[], process: number, complaints: string[]): Tenure[] {
  const open = new Map<number, Tenure>()
  const all: Tenure[] = []
  for (const { at, what, partition, position } of notes) {
    const tenure = open.get(partition)
    if (what === 'gained') {
      if (tenure !== undefined) complaints.push(`process ${process} gains ${partition} twice, at ${at}`)
      const made: Tenure = {
        process,
        partition,
        gainedAt: at,
        start: position,
        firstWork: undefined,
        lastWork: 0,
        committed: position,
        end: undefined,
      }
      open.set(partition, made)
      all.push(made)
    } else if (what === 'worked' || what === 'committed') {
      if (tenure === undefined) complaints.push(`process ${process}: ${what} ${partition} at ${at}, which it has not`)
      else if (what === 'committed') tenure.committed = position
      else {
        tenure.firstWork ??= at
        tenure.lastWork = at
      }
    } else if (what === 'released' || what === 'lost') {
      if (tenure === undefined) complaints.push(`process ${process}: ${what} ${partition} at ${at}, which it has not`)
      else tenure.end = { what, at }
      open.delete(partition)
    }
  }
  return all
}
