import { BrokerSession } from './broker-session.ts'
import type { ConnectionOptions, Endpoint } from './connection.ts'
import { decodeMetadata, encodeMetadata, metadataVersions, type TopicMetadata } from './metadata.ts'
import type { Pieces } from './pieces.ts'

/** Where a topic's leaders are, as the first broker says that answers. @throws the last one's error when none does */
export async function locateTopic(
  topic: string,
  endpoints: readonly Endpoint[],
  options: ConnectionOptions,
  pieces: Pieces,
): Promise<TopicMetadata> {
  let reason: unknown
  for (const endpoint of endpoints) {
    try {
      return await askOne(topic, endpoint, options, pieces)
    } catch (error) {
      reason = error
    }
  }
  throw reason
}

async function askOne(
  topic: string,
  endpoint: Endpoint,
  options: ConnectionOptions,
  pieces: Pieces,
): Promise<TopicMetadata> {
  const session = await BrokerSession.open(endpoint, options, pieces)
  try {
    const api = session.choose(metadataVersions)
    const answer = await session.request(api, encodeMetadata(api, topic))
    try {
      return decodeMetadata(answer.reader)
    } finally {
      answer.release()
    }
  } finally {
    session.close()
  }
}

export function parseEndpoint(address: string): Endpoint {
  const colon = address.lastIndexOf(':')
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) }
}
