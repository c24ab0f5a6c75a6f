import { WindsockError } from '../../../foundation/errors.ts'
import type { Coordinator } from './coordinator.ts'

const lookMs = 5_000
const againMs = 300

/** Knows the id of the topic a group reads, and notices when it is gone or another one under the same name. */
export class TopicWatch {
  readonly name: string
  private readonly coordinator: Coordinator
  private id: string | undefined
  private nextMs = 0

  constructor(coordinator: Coordinator, name: string) {
    this.coordinator = coordinator
    this.name = name
  }

  /** The topic's id, as it was when first asked. @throws WindsockError `topic-missing` */
  async firstId(): Promise<string> {
    this.id ??= (await this.describe()).id
    return this.id
  }

  /** Looks now and then, or now. @throws WindsockError `topic-missing`, or `position-lost` when it was made anew */
  async check(when: 'now' | 'sometimes'): Promise<void> {
    const firstId = await this.firstId()
    if (when === 'sometimes' && performance.now() < this.nextMs) return
    const { id } = await this.describe()
    this.nextMs = performance.now() + lookMs
    if (id !== firstId) throw new WindsockError('position-lost', `topic ${this.name} was deleted and made anew`)
  }

  async countPartitions(): Promise<number> {
    return (await this.describe()).partitions
  }

  /** A topic made a moment ago is not known to every broker: missing is what is missing twice. */
  private async describe(): Promise<{ id: string; partitions: number }> {
    try {
      return await this.coordinator.describeTopic(this.name)
    } catch (error) {
      if (!(error instanceof WindsockError)) throw error
      await new Promise((resolve) => setTimeout(resolve, againMs))
      return this.coordinator.describeTopic(this.name)
    }
  }
}
