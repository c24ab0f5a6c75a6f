import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The path of a file of the committed demonstration data. */
export function demonstration(name: string): string {
  return fileURLToPath(new URL(`../../data/${name}`, import.meta.url))
}

export const threeDays = demonstration('flights-2015-01-01-to-03.csv.gz')

/** The path of a file of the data beside the repository, and why a test of it is skipped. */
export function shared(name: string): { path: string; skip: string | false } {
  const path = fileURLToPath(new URL(`../../../shared/data/${name}`, import.meta.url))
  return { path, skip: existsSync(path) ? false : 'needs the folder ../shared/data' }
}
