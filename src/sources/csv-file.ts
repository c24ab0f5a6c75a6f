import { WindsockError } from '../foundation/errors.ts'
import { createFrame, type Frame, type FrameBuilder } from '../model/frame.ts'
import { createColumnFinder, type Fields, type Schema } from '../model/schema.ts'
import { readCsv, type CsvEntry, type CsvRow } from './csv.ts'
import { openFile, type InputFile } from './open-file.ts'

/** A CSV file with a header whose columns fit a schema. */
export interface CsvFile<F extends Fields = Fields> {
  readonly path: string
  /** The size on disk. */
  readonly bytes: number
  /**
   * Reads the rows in the order of the file, about 2,000 to a frame and the same ones at every call; the frames' origin
   * is the path, their positions are lines. Ends early and without an error when the signal aborts.
   */
  frames(signal: AbortSignal, hear?: Hearing): AsyncGenerator<Frame<F>, void, undefined>
}

/** Told of the bytes as they are read. */
export interface Hearing {
  /** A piece taken from the disk. */
  onPackedBytes?(bytes: number): void
  /** A piece after unpacking. */
  onTextBytes?(bytes: number): void
}

export interface CsvFileOptions<F extends Fields> {
  /** What a field holds in every row, whatever the file has in its place. */
  readonly constants?: Readonly<Partial<Record<keyof F & string, string>>>
  /** The next step for a person whose file lacks these columns. */
  readonly hintFor: (missingColumns: readonly string[]) => string
}

const rowsPerFrame = 2_000
const shownColumnsMax = 40

/**
 * Opens a file and reads its header. Of two columns for the same field the first counts.
 *
 * @throws WindsockError as `openFile` does, and `file-format` when a required column is missing
 */
export async function openCsvFile<F extends Fields>(
  schema: Schema<F>,
  path: string,
  options: CsvFileOptions<F>,
): Promise<CsvFile<F>> {
  const file = await openFile(path)
  const header = await readHeader(file)
  const constants: [string, string | undefined][] = Object.entries(options.constants ?? {})
  const constantNames = constants.map(([name]) => name)
  const names = fieldsOf(schema, header, constantNames)
  const missing = Object.entries(schema.fields)
    .filter(([name, field]) => field.required && !names.includes(name) && !constantNames.includes(name))
    .map(([, field]) => field.column)
  if (missing.length > 0) throw missingColumns(path, missing, header, options.hintFor(missing))
  const layout: Layout = {
    width: header.length,
    names: [...names, ...constantNames],
    constants: constants.map(([, value]) => value ?? ''),
  }
  return {
    path,
    bytes: file.bytes,
    frames: (signal, hear = {}) => readFrames(schema, file, layout, signal, hear),
  }
}

async function readHeader(file: InputFile): Promise<readonly string[]> {
  for await (const [first] of readCsv(file.chunks())) {
    if (first === undefined) continue
    if (first.kind === 'row') return first.cells
    throw new WindsockError('file-format', `${file.path} does not begin with a header: ${first.reason}`, {
      hint: 'Give a CSV file in UTF-8 whose first line names the columns',
    })
  }
  throw new WindsockError('file-format', `${file.path} is empty`, { hint: 'Download or copy it again' })
}

function fieldsOf(schema: Schema, header: readonly string[], taken: readonly string[]): (string | undefined)[] {
  const findField = createColumnFinder(schema)
  const seen = new Set(taken)
  return header.map((column) => {
    const name = findField(column)
    if (name === undefined || seen.has(name)) return undefined
    seen.add(name)
    return name
  })
}

function missingColumns(path: string, missing: readonly string[], header: readonly string[], hint: string): Error {
  const shown = header.slice(0, shownColumnsMax).map((column) => column.trim().slice(0, shownColumnsMax))
  const rest = header.length > shown.length ? ` and ${header.length - shown.length} more` : ''
  const word = missing.length === 1 ? 'column' : 'columns'
  const message = `${path} lacks the ${word} ${missing.join(', ')}; it has ${shown.join(', ')}${rest}`
  return new WindsockError('file-format', message, { hint })
}

interface Layout {
  /** How many cells the header has. */
  readonly width: number
  /** The field of each of the header's cells, then those of the constants. */
  readonly names: readonly (string | undefined)[]
  readonly constants: readonly string[]
}

async function* readFrames<F extends Fields>(
  schema: Schema<F>,
  file: InputFile,
  layout: Layout,
  signal: AbortSignal,
  hear: Hearing,
): AsyncGenerator<Frame<F>, void, undefined> {
  let frame = createFrame(schema, file.path, rowsPerFrame)
  let isHeader = true
  for await (const entries of readCsv(heard(file, hear))) {
    for (const entry of entries) {
      if (isHeader) {
        isHeader = false
        continue
      }
      addEntry(frame, entry, layout)
      if (frame.length + frame.refusals.length < rowsPerFrame) continue
      if (signal.aborted) return
      yield frame
      frame = createFrame(schema, file.path, rowsPerFrame)
    }
    if (signal.aborted) return
  }
  if (frame.length + frame.refusals.length > 0) yield frame
}

async function* heard(file: InputFile, hear: Hearing): AsyncGenerator<Uint8Array> {
  for await (const chunk of file.chunks((bytes) => hear.onPackedBytes?.(bytes))) {
    hear.onTextBytes?.(chunk.length)
    yield chunk
  }
}

function addEntry<F extends Fields>(frame: FrameBuilder<F>, entry: CsvEntry, layout: Layout): void {
  if (entry.kind === 'refusal') return frame.refuse(entry.line, entry.reason, entry.sample)
  const reason = fitWidth(entry, layout.width)
  if (reason !== undefined) return frame.refuse(entry.line, reason, entry.cells.join(','))
  for (const constant of layout.constants) entry.cells.push(constant)
  frame.addCells(layout.names, entry.cells, entry.line)
}

/** Cuts empty cells behind the header's, as a comma at the line's end makes; or says why the row does not fit. */
function fitWidth({ cells }: CsvRow, width: number): string | undefined {
  while (cells.length > width && cells.at(-1) === '') cells.pop()
  return cells.length === width ? undefined : `the row has ${cells.length} cells where the header has ${width}`
}
