import {
  addPartitionsToTxnV3,
  describeProducersV0,
  describeTransactionsV0,
  endTxnV3,
  findCoordinatorV4,
  heartbeatV4,
  initProducerIdV4,
  joinGroupV7,
  leaveGroupV4,
  metadataV11,
  offsetCommitV8,
  syncGroupV5,
} from '@platformatic/kafka'
import { produceVersions } from './produce/produce-request.ts'
import { fetchVersions } from './wire/fetch-request.ts'
import { metadataVersions } from './wire/metadata.ts'
import { newestCommon, type SpokenVersions } from './wire/spoken-versions.ts'

/** Requests of which one version is spoken here. Those of KIP-848 are used only where the cluster has them. */
const single = {
  AddPartitionsToTxn: addPartitionsToTxnV3,
  DescribeProducers: describeProducersV0,
  DescribeTransactions: describeTransactionsV0,
  EndTxn: endTxnV3,
  FindCoordinator: findCoordinatorV4,
  Heartbeat: heartbeatV4,
  InitProducerId: initProducerIdV4,
  JoinGroup: joinGroupV7,
  LeaveGroup: leaveGroupV4,
  Metadata: metadataV11,
  OffsetCommit: offsetCommitV8,
  SyncGroup: syncGroupV5,
}

const required: readonly SpokenVersions[] = [
  fetchVersions,
  metadataVersions,
  produceVersions,
  ...Object.entries(single).map(([name, { api }]) => ({ name, key: api.key, from: api.version, to: api.version })),
]

/**
 * Compares what a broker offers with what reading, sending, groups and transactions need, so that a cluster that is too old is
 * refused in a sentence: asked all the same, it would close the connection without a word.
 *
 * @throws WindsockError `broker-refused`
 */
export function requireApis(
  offered: readonly { readonly apiKey: number; readonly minVersion: number; readonly maxVersion: number }[],
  brokers: readonly string[],
): void {
  const byKey = new Map(
    offered.map(({ apiKey, minVersion, maxVersion }) => [apiKey, { from: minVersion, to: maxVersion }]),
  )
  for (const spoken of required) newestCommon(`the cluster at ${brokers.join(', ')}`, spoken, byKey.get(spoken.key))
}
