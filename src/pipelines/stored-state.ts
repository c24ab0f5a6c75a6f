import type { Broker } from '../broker/broker.ts'
import { regroupedName, regroups } from '../topics/regrouped.ts'
import { findGroupOfState, stateTopic } from '../topics/state.ts'
import { type Checkpoint, checkpointKey, parseCheckpoint, readState, textsOf } from './state-log.ts'

/** What a group has stored of one partition. */
export interface StoredPartition {
  readonly partition: number
  /** What its states stand for: undefined where nothing was stored yet, `damaged` where it cannot be read. */
  readonly checkpoint: Checkpoint | 'damaged' | undefined
  /** By key, a JSON array, its state, a JSON object. */
  readonly states: ReadonlyMap<string, string>
}

/** The groups that may have stored a state, by name. */
export async function listStoredGroups(broker: Broker): Promise<string[]> {
  const topics = await broker.admin.listTopics()
  return topics.flatMap((topic) => findGroupOfState(topic) ?? []).toSorted()
}

/**
 * Reads all that a group has stored and committed.
 *
 * @throws WindsockError `topic-missing` when it never stored anything
 */
export async function readStoredState(broker: Broker, group: string, signal: AbortSignal): Promise<StoredPartition[]> {
  const { partitions } = await broker.admin.describeTopic(stateTopic(group, 1).name)
  const stored: StoredPartition[] = []
  for (const { partition } of partitions) {
    const states = new Map<string, string>()
    let checkpoint: StoredPartition['checkpoint']
    for await (const record of readState(broker, group, partition, signal)) {
      const { key, text } = textsOf(record)
      if (key === checkpointKey) checkpoint = text === null ? undefined : parseCheckpoint(text)
      else if (text === null) states.delete(key)
      else states.set(key, text)
    }
    stored.push({ partition, checkpoint, states })
  }
  return stored
}

/**
 * Deletes all that a group has stored: states, positions, and what is between its stages where it has two.
 *
 * @throws WindsockError `group-active` before anything is deleted, when processes of it are at work
 */
export async function dropStored(broker: Broker, group: string): Promise<void> {
  const between = regroups.map((regroup) => regroupedName(group, regroup))
  await broker.admin.deleteGroups([group, ...between])
  // In this order: the states of the last stage stand for the topic between, so that half of this done is noticed.
  for (const topics of [between, [...between, group].map((each) => stateTopic(each, 1).name)]) {
    for (const topic of topics) await broker.admin.deleteTopics([topic])
  }
}

/** Stored states as lines of JSON, sorted by key: the same bytes for the same states, whichever partitions they are in. */
export function writeStates(stored: readonly StoredPartition[]): string {
  const lines = stored.flatMap(({ states }) => [...states].map(([key, state]) => `{"key":${key},"state":${state}}\n`))
  return lines.toSorted().join('')
}

/** How two exports of states differ, one line a key; none where they are the same. */
export function compareStates(left: string, right: string): string[] {
  const [ours, theirs] = [linesByKey(left), linesByKey(right)]
  const differences: string[] = []
  for (const [key, line] of ours) {
    const other = theirs.get(key)
    if (other === undefined) differences.push(`${key} is only here`)
    else if (other !== line) differences.push(`${key} differs: ${line} here, ${other} there`)
  }
  for (const key of theirs.keys()) if (!ours.has(key)) differences.push(`${key} is only there`)
  return differences
}

function linesByKey(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  return new Map(lines.map((line) => [keyOfLine(line), line]))
}

/** A line that is none of an export is a key of its own, which the other side does not have. */
function keyOfLine(line: string): string {
  try {
    const { key }: { key?: unknown } = { ...JSON.parse(line) }
    return key === undefined ? line : JSON.stringify(key)
  } catch {
    return line
  }
}
