import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'

/** A short text that differs when `kind`, an option or a byte of the files differs, or the order of the files. */
export async function fingerprintOf(
  kind: string,
  files: readonly string[],
  options: readonly string[] = [],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([kind, files.length, ...options]))
  for (const file of files) {
    const own = createHash('sha256')
    for await (const chunk of createReadStream(file, { highWaterMark: 1_048_576 })) own.update(chunk)
    hash.update(own.digest())
  }
  return `${kind}:${hash.digest('hex').slice(0, 32)}`
}
