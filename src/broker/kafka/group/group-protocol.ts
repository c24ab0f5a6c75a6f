/** How a member speaks with its group. Two protocols are equals behind it; every call may throw the library's error. */
export interface GroupProtocol {
  /** Joins, or says that we live and what we hold; hears what is ours. */
  beat(held: readonly number[]): Promise<BeatAnswer>
  commit(positions: ReadonlyMap<number, number>): Promise<void>
  /** Who has our name, when the group says that somebody has. */
  findHolder(): Promise<'held-by-us' | 'held-by-other' | 'name-free'>
  /** Gives the name back for the holder that was found, so that it is fenced as soon as we have joined. */
  freeName(): Promise<void>
  leave(): Promise<void>
  /** From the next heartbeat on: as one that the group does not know. */
  restart(): void
  /** From the next request on: over a new connection, to a coordinator found anew. */
  find(): void
  close(): Promise<void>
}

export interface BeatAnswer {
  /** What is ours; undefined where nothing has changed. */
  readonly assigned: readonly number[] | undefined
  /** When the next heartbeat is due. */
  readonly beatMs: number
  /** How long we may work without another answer, counted from the sending of this heartbeat. */
  readonly leaseMs: number
}
