import { Admin, ConfigResourceTypes } from '@platformatic/kafka'

const set = 0

/** Gives one group another session than the brokers' setting, as an operator would. */
export async function setGroupSession(brokers: readonly string[], group: string, sessionMs: number): Promise<void> {
  const admin = new Admin({ clientId: 'windsock-test', bootstrapBrokers: [...brokers] })
  try {
    await admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.GROUP,
          resourceName: group,
          configs: [{ name: 'consumer.session.timeout.ms', configOperation: set, value: String(sessionMs) }],
        },
      ],
    })
  } finally {
    await admin.close()
  }
}
