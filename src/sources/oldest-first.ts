import { WindsockError } from '../foundation/errors.ts'
import { createFrame, type Frame } from '../model/frame.ts'
import type { Fields } from '../model/schema.ts'
import type { CsvFile, Hearing } from './csv-file.ts'
import type { TimeOf } from './source.ts'

/** How much text of a newest-first file is held while it is turned round. */
export const reversedTextBytesMax = 256_000_000

/**
 * Yields a file's frames with the oldest row first. A file is taken to be newest-first when more steps lead back in time
 * than forward among the rows of its first frame; it is then read to its end before its last frame is yielded, reversed,
 * as the first. Other files pass through as they are.
 *
 * @throws WindsockError `file-format` when a newest-first file has more than `textBytesMax` of text
 */
export async function* oldestFirst<F extends Fields>(
  file: CsvFile<F>,
  timeOf: TimeOf<F>,
  signal: AbortSignal,
  hear: Hearing = {},
  textBytesMax = reversedTextBytesMax,
): AsyncGenerator<Frame<F>, void, undefined> {
  let textBytes = 0
  let isNewestFirst: boolean | undefined
  const held: Frame<F>[] = []
  const onTextBytes = (bytes: number): void => {
    textBytes += bytes
    hear.onTextBytes?.(bytes)
  }
  for await (const frame of file.frames(signal, { ...hear, onTextBytes })) {
    isNewestFirst ??= leadsBack(frame, timeOf)
    if (!isNewestFirst) {
      yield frame
      continue
    }
    if (textBytes > textBytesMax) throw tooLong(file.path, textBytesMax)
    held.push(frame)
  }
  for (let frame = held.pop(); frame !== undefined && !signal.aborted; frame = held.pop()) yield reversed(frame)
}

function leadsBack<F extends Fields>(frame: Frame<F>, timeOf: TimeOf<F>): boolean {
  let balance = 0
  for (let i = 1; i < frame.length; i++) {
    const before = timeOf(frame, i - 1)
    const after = timeOf(frame, i)
    if (before !== undefined && after !== undefined) balance += Math.sign(after - before)
  }
  return balance < 0
}

function reversed<F extends Fields>(frame: Frame<F>): Frame<F> {
  const turned = createFrame(frame.schema, frame.origin, frame.length)
  for (let i = frame.length - 1; i >= 0; i--) turned.addRow(frame, i)
  for (const { position, reason, sample } of frame.refusals.toReversed()) turned.refuse(position, reason, sample)
  return turned
}

function tooLong(path: string, textBytesMax: number): WindsockError {
  const message = `${path} has its newest rows first and is longer than the ${textBytesMax} bytes that are turned round`
  return new WindsockError('file-format', message, { hint: 'Sort it by date, or split it' })
}
