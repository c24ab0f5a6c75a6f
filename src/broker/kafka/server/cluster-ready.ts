import { Admin } from '@platformatic/kafka'

/** Asks one broker for its metadata, once and quickly. Undefined when it does not answer in order. */
async function askMetadata(broker: string): Promise<number[] | undefined> {
  const admin = new Admin({
    clientId: 'windsock-ready',
    bootstrapBrokers: [broker],
    retries: 0,
    connectTimeout: 500,
    timeout: 2_000,
  })
  try {
    const metadata = await admin.metadata({ topics: [] })
    return [...metadata.brokers.keys()]
  } catch {
    return undefined
  } finally {
    await admin.close().catch(() => {})
  }
}

/** Whether every broker answers with metadata that names as many brokers as there are. */
export async function isClusterReady(brokers: readonly string[]): Promise<boolean> {
  const answers = await Promise.all(brokers.map(askMetadata))
  return answers.every((nodeIds) => nodeIds?.length === brokers.length)
}
