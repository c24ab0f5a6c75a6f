import { createCsvParser, type CsvEntry } from '../../src/sources/csv.ts'

/** Cuts bytes into chunks of the sizes given, over and over. */
export function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? bytes.length)
    // A copy: what the parser keeps must not depend on what lies beside a chunk in memory.
    chunks.push(Buffer.from(bytes.subarray(at, at + size)))
    at += size
  }
  return chunks
}

export function parseCsv(text: string | Buffer, sizes: readonly number[] = [Infinity]): CsvEntry[] {
  const parser = createCsvParser()
  const entries = chunksOf(Buffer.from(text), sizes).flatMap((chunk) => parser.push(chunk))
  return [...entries, ...parser.end()]
}

/** Entries as lines such as `3 [a|b]` or `4 refused: reason`. */
export function describeEntries(entries: readonly CsvEntry[]): string[] {
  return entries.map((entry) =>
    entry.kind === 'row' ? `${entry.line} [${entry.cells.join('|')}]` : `${entry.line} refused: ${entry.reason}`,
  )
}

export async function* yielding<T>(items: Iterable<T>): AsyncGenerator<T> {
  yield* items
}
