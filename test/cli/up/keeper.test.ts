import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Keeper } from '../../../src/cli/up/keeper.ts'
import type { Part } from '../../../src/cli/up/part.ts'
import { systemClock } from '../../../src/foundation/clock.ts'
import { ProcessBoard } from '../../../src/pipelines/process-board.ts'
import { until } from '../../support/until.ts'

/** A part whose runs end when the test says so. */
class FakePart implements Part {
  readonly name = 'aroon'
  readonly role = 'analysis' as const
  readonly stops: number[] = []
  starts = 0
  private finish: (reason: string | undefined) => void = () => {}

  start() {
    this.starts++
    const { promise: ended, resolve } = Promise.withResolvers<string | undefined>()
    this.finish = resolve
    return {
      pid: 1_000 + this.starts,
      ended,
      stop: async (withinMs: number) => {
        this.stops.push(withinMs)
        resolve(undefined)
        await ended
      },
    }
  }

  end(reason: string | undefined): void {
    this.finish(reason)
  }
}

interface Stage {
  readonly part: FakePart
  readonly keeper: Keeper
  readonly said: string[]
  readonly changes: (number | undefined)[]
  readonly view: () => { state: string; note: string | null } | undefined
}

function createStage(): Stage {
  const part = new FakePart()
  const board = new ProcessBoard(systemClock)
  const said: string[] = []
  const changes: (number | undefined)[] = []
  const keeper: Keeper = new Keeper(
    [part],
    board,
    (text) => said.push(text),
    () => changes.push(keeper.pids().get('aroon')),
  )
  return {
    part,
    keeper,
    said,
    changes,
    view: () => {
      const [found] = board.views()
      return found === undefined ? undefined : { state: found.state, note: found.note }
    },
  }
}

describe('the keeper of parts', () => {
  it('starts a part that died again, and tells who stands for it', async () => {
    const { part, keeper, said, changes, view } = createStage()
    keeper.start()
    assert.equal(part.starts, 1)
    assert.deepEqual(view(), { state: 'starting', note: null })
    part.end('was ended by SIGKILL')
    await until('the note of its death', () => view()?.state === 'failed')
    assert.equal(view()?.note, 'was ended by SIGKILL; starts again in 0.2 s')
    assert.deepEqual(said, ['aroon was ended by SIGKILL; it starts again in 0.2 s'])
    assert.equal(keeper.pids().size, 0)
    await until('its next start', () => part.starts === 2)
    assert.equal(view()?.state, 'starting')
    assert.deepEqual(changes, [1_001, 1_002])
    await keeper.stop(100)
  })

  it('waits longer each time that it dies', async () => {
    const { part, keeper, said } = createStage()
    keeper.start()
    for (let death = 1; death <= 3; death++) {
      part.end('failed')
      await until(`start ${death + 1}`, () => part.starts === death + 1)
    }
    await keeper.stop(100)
    assert.deepEqual(
      said.map((line) => / ([\d.]+) s$/.exec(line)?.[1]),
      ['0.2', '0.4', '0.8'],
    )
  })

  it('lets a part rest whose work is done', async () => {
    const { part, keeper, said, view } = createStage()
    keeper.start()
    part.end(undefined)
    await until('its end to be noted', () => view()?.state === 'stopped')
    await keeper.stop(100)
    assert.deepEqual([part.starts, said, part.stops], [1, [], []])
  })

  it('stops what runs within the time given, and starts nothing more', async () => {
    const { part, keeper } = createStage()
    keeper.start()
    await keeper.stop(1_234)
    assert.deepEqual([part.stops, part.starts], [[1_234], 1])
  })

  it('stops while a part waits for its next start', async () => {
    const { part, keeper, view } = createStage()
    keeper.start()
    part.end('failed')
    await until('its death', () => view()?.state === 'failed')
    await keeper.stop(100)
    await new Promise((resolve) => setTimeout(resolve, 400))
    assert.equal(part.starts, 1)
  })

  it('starts all of it again after a stop', async () => {
    const { part, keeper } = createStage()
    keeper.start()
    await keeper.stop(100)
    keeper.start()
    assert.equal(part.starts, 2)
    await keeper.stop(100)
  })
})
