import type { LiveUpdate } from '../../../src/model/live.ts'
import { startRun } from '../../../src/foundation/run.ts'
import type { LiveFeed } from '../../../src/pipelines/follow-results.ts'
import { ProcessBoard } from '../../../src/pipelines/process-board.ts'
import { HandClock } from '../../pipelines/hand-clock.ts'

/** A feed whose updates are given by hand, each with a number of its own as its time. */
export class FakeFeed implements LiveFeed {
  readonly run = startRun('feed', async () => {})
  readonly processes = new ProcessBoard(new HandClock())
  readonly listeners = new Set<(update: LiveUpdate) => void>()
  /** How often an update was written as text, and how often a picture. */
  written = { updates: 0, pictures: 0 }
  private at = 0

  picture(): LiveUpdate {
    return this.make(true, '', 'pictures')
  }

  subscribe(onUpdate: (update: LiveUpdate) => void): () => void {
    this.listeners.add(onUpdate)
    return () => this.listeners.delete(onUpdate)
  }

  /** Tells everybody the next update. */
  tell(bulk = ''): void {
    this.at++
    const update = this.make(false, bulk, 'updates')
    for (const listener of this.listeners) listener(update)
  }

  private make(full: boolean, version: string, kind: 'updates' | 'pictures'): LiveUpdate {
    const update: LiveUpdate = {
      at: this.at,
      full,
      tables: {},
      system: {
        version,
        broker: { kind: 'up', address: 'memory' },
        processes: [],
        topics: [],
        quarantined: 0,
        playback: 'replay',
        canPlayAgain: false,
      },
    }
    const toJSON = (): LiveUpdate => {
      this.written[kind]++
      return update
    }
    return Object.assign({}, update, { toJSON })
  }
}
