import type { ClusterSample } from '../model/cluster.ts'

export interface ObserveOptions {
  /** Groups and topics left out of the samples; left out, none is. */
  readonly isWanted?: (kind: 'topic' | 'group', name: string) => boolean
}

/**
 * Looks at a whole cluster without reading a record of it: it needs no more than the right to describe. Connections are kept
 * from one sample to the next.
 */
export interface Observer {
  /**
   * A sample of everything. Calls do not overlap: one that is made while another is under way gets that one's sample.
   *
   * @throws WindsockError `broker-unreachable` when no node answers, `not-authorized` when nothing may be described; what else
   * could not be asked is in `missing`
   */
  observe(): Promise<ClusterSample>
  /**
   * By partition, the offset of the first record stamped at or after a time (milliseconds since the epoch); null where there
   * is none.
   */
  offsetsAt(
    wanted: readonly { readonly topic: string; readonly partition: number; readonly timestamp: number }[],
  ): Promise<readonly (number | null)[]>
  close(): Promise<void>
}
