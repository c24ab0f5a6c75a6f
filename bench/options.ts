import { parseArgs } from 'node:util'
import { type EngineName, engineNames, jobNames } from './engine.ts'

/** What there is to measure: the jobs, then what is measured of this engine alone. */
export const partNames = [...jobNames, 'latency', 'memory', 'linearity'] as const
export type PartName = (typeof partNames)[number]

export interface BenchOptions {
  readonly size: 'quick' | 'full'
  readonly rounds: number
  /** Records of each job, instead of what `size` means. */
  readonly records: number | undefined
  /** Where the JSON goes. */
  readonly json: string | undefined
  /** Parts, and engines of a part; empty for everything. */
  readonly only: readonly Choice[]
  readonly help: boolean
}

export interface Choice {
  readonly part: PartName
  readonly engine: EngineName | undefined
}

export const usage = `npm run bench -- [--full] [--json FILE] [--only PART[/ENGINE],…] [--records N] [--rounds N]

  --full       2,000,000 flights and 1,000,000 bars instead of 500,000 and 200,000, and every rate, partition and key count
  --json FILE  writes the figures there as well
  --only       ${partNames.join(', ')}; an engine of a job by job/engine
               engines: ${engineNames.join(', ')}
  --records N  so many records in every job
  --rounds N   how often each engine runs, in turns; the median counts (3)
`

/** @throws Error that says what is wrong with the arguments */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: 'boolean', default: false },
      json: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
      records: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean', default: false },
    },
  })
  return {
    size: values.full ? 'full' : 'quick',
    rounds: parseCount('--rounds', values.rounds),
    records: values.records === undefined ? undefined : parseCount('--records', values.records),
    json: values.json,
    only: values.only.flatMap((text) => text.split(',')).map(parseChoice),
    help: values.help,
  }
}

function parseCount(name: string, text: string): number {
  const count = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : 0
  if (!(count >= 1)) throw new Error(`${name} takes a whole number from 1 on, got "${text}"`)
  return count
}

function parseChoice(text: string): Choice {
  const [partText = '', engineText, ...rest] = text.split('/')
  const part = partNames.find((name) => name === partText)
  if (part === undefined || rest.length > 0) {
    throw new Error(`--only: there is no ${text}; there are ${partNames.join(', ')}`)
  }
  if (engineText === undefined) return { part, engine: undefined }
  const engine = engineNames.find((name) => name === engineText)
  if (engine === undefined || !jobNames.some((name) => name === part)) {
    throw new Error(`--only: ${part} has no engine ${engineText}; the engines of jobs are ${engineNames.join(', ')}`)
  }
  return { part, engine }
}

/** Whether a part is wanted, and of a job this engine. */
export function isChosen({ only }: Pick<BenchOptions, 'only'>, part: PartName, engine?: EngineName): boolean {
  return (
    only.length === 0 ||
    only.some((choice) => choice.part === part && (engine === undefined || (choice.engine ?? engine) === engine))
  )
}
