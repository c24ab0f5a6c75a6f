import type { GroupOptions } from '../broker.ts'
import {
  isHeld,
  type PartitionCall,
  type PartitionEvent,
  type PartitionState,
  partitionTable,
} from './partition-state.ts'

type Owner = Pick<GroupOptions, 'onGained' | 'onReleased' | 'onLost'>

/** The partitions a member has, and what their owner is told about them. The same for every broker. */
export class HeldPartitions {
  private readonly owner: Owner
  private readonly onChange: () => void
  private readonly onFailure: (error: unknown) => void
  private readonly states = new Map<number, PartitionState>()
  private generation = 1

  /**
   * @param onChange called when `held` may have become another
   * @param onFailure called with what the owner threw; the partition is gone on with as if it had not
   */
  constructor(owner: Owner, onChange: () => void, onFailure: (error: unknown) => void) {
    this.owner = owner
    this.onChange = onChange
    this.onFailure = onFailure
  }

  /** What the group takes as ours, in order. */
  held(): number[] {
    return [...this.states]
      .flatMap(([partition, state]) => (isHeld(state) ? [partition] : []))
      .toSorted((a, b) => a - b)
  }

  /** Whether who gained the partition in this generation still has it, and may commit. */
  owns(partition: number, generation: number): boolean {
    return generation === this.generation && isHeld(this.stateOf(partition))
  }

  /** Takes what the group gives: the rest is released, in order. */
  assign(partitions: Iterable<number>): void {
    const wanted = new Set(partitions)
    this.apply(
      'unassigned',
      [...this.states.keys()].filter((partition) => !wanted.has(partition)),
    )
    this.apply('assigned', wanted)
  }

  /** Everything is gone already. What is gained from now on is of another generation. */
  lose(): void {
    this.generation++
    this.apply('lost', [...this.states.keys()])
  }

  private apply(event: PartitionEvent, partitions: Iterable<number>): void {
    const told: Record<PartitionCall, number[]> = { gain: [], release: [], lose: [] }
    for (const partition of partitions) {
      const [next, call] = partitionTable[this.stateOf(partition)][event]
      if (next === 'free') this.states.delete(partition)
      else this.states.set(partition, next)
      if (call !== undefined) told[call].push(partition)
    }
    if (told.lose.length > 0) this.loseThese(told.lose)
    if (told.release.length > 0) this.call(told.release, () => this.owner.onReleased(told.release))
    if (told.gain.length > 0) this.call(told.gain, () => this.owner.onGained(told.gain, this.generation))
  }

  private loseThese(partitions: readonly number[]): void {
    try {
      this.owner.onLost(partitions)
    } catch (error) {
      this.onFailure(error)
    }
  }

  private call(partitions: readonly number[], tell: () => Promise<void>): void {
    const settled = (async () => tell())().catch((error: unknown) => this.onFailure(error))
    void settled.then(() => {
      this.apply('settled', partitions)
      this.onChange()
    })
  }

  private stateOf(partition: number): PartitionState {
    return this.states.get(partition) ?? 'free'
  }
}
