import { createFrame, type Frame } from '../model/frame.ts'
import type { Fields, Schema } from '../model/schema.ts'
import type { TimeOf } from './source.ts'

/**
 * Merges streams of frames into one in which time goes forward as far as each stream's own does: always the earliest of
 * the streams' next rows, the first stream's among equals. Rows of one stream keep their order; a row without a time
 * follows its predecessor. Rows keep their origins, and what a frame refused comes in a frame of its own.
 */
export async function* mergeByTime<F extends Fields>(
  schema: Schema<F>,
  origin: string,
  streams: readonly AsyncIterable<Frame<F>>[],
  timeOf: TimeOf<F>,
  rowsPerFrame = 2_000,
): AsyncGenerator<Frame<F>, void, undefined> {
  const heads = streams.map((stream) => new Head(stream, timeOf))
  try {
    for (const head of heads) yield* head.nextFrame()
    let merged = createFrame(schema, origin, rowsPerFrame)
    for (let head = earliest(heads); head !== undefined; head = earliest(heads)) {
      merged.addRow(head.frame, head.index)
      if (merged.length === rowsPerFrame) {
        yield merged
        merged = createFrame(schema, origin, rowsPerFrame)
      }
      if (!head.nextRow()) yield* head.nextFrame()
    }
    if (merged.length > 0) yield merged
  } finally {
    for (const head of heads) await head.close()
  }
}

type Standing<F extends Fields> = Head<F> & { frame: Frame<F> }

function earliest<F extends Fields>(heads: readonly Head<F>[]): Standing<F> | undefined {
  let found: Standing<F> | undefined
  for (const head of heads) {
    if (head.stands() && (found === undefined || head.time < found.time)) found = head
  }
  return found
}

/** A place in a stream of frames. */
class Head<F extends Fields> {
  frame: Frame<F> | undefined
  index = 0
  time = -Infinity
  private readonly frames: AsyncIterator<Frame<F>>
  private readonly timeOf: TimeOf<F>

  constructor(stream: AsyncIterable<Frame<F>>, timeOf: TimeOf<F>) {
    this.frames = stream[Symbol.asyncIterator]()
    this.timeOf = timeOf
  }

  /** False at the end of the stream. */
  stands(): this is Standing<F> {
    return this.frame !== undefined
  }

  /** Goes on to the next row of this frame, if there is one. */
  nextRow(): boolean {
    this.index++
    return this.settle()
  }

  /** Goes on to the first row of the next frame that has one; yields what the frames on the way refused. */
  async *nextFrame(): AsyncGenerator<Frame<F>, void, undefined> {
    do {
      const next = await this.frames.next()
      this.frame = next.done === true ? undefined : next.value
      this.index = 0
      if (this.frame !== undefined && this.frame.refusals.length > 0) yield refusalsOf(this.frame)
    } while (this.frame !== undefined && !this.settle())
  }

  async close(): Promise<void> {
    await this.frames.return?.()
  }

  private settle(): boolean {
    if (this.frame === undefined || this.index >= this.frame.length) return false
    this.time = this.timeOf(this.frame, this.index) ?? this.time
    return true
  }
}

function refusalsOf<F extends Fields>(frame: Frame<F>): Frame<F> {
  const refused = createFrame(frame.schema, frame.origin, 1)
  for (const { position, reason, sample } of frame.refusals) refused.refuse(position, reason, sample)
  return refused
}
