import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The committed data, and a pace at which all of it is played in about ten minutes with something moving every second. */
const dataFolder = fileURLToPath(new URL('../../../data/', import.meta.url))

export interface Feed {
  readonly files: readonly string[]
  readonly rate: number
  /** Rows sent at once, so that the first picture has something to show. */
  readonly history: number
}

export function demonstrationFlights(): Feed {
  return { files: [join(dataFolder, 'flights-2015-01-01-to-03.csv.gz')], rate: 80, history: 2_000 }
}

export function demonstrationPrices(): Feed {
  const folder = join(dataFolder, 'prices')
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.csv.gz'))
    .toSorted()
    .map((name) => join(folder, name))
  return { files, rate: 16, history: 600 }
}
