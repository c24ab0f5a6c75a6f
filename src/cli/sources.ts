import { systemClock } from '../foundation/clock.ts'
import { WindsockError } from '../foundation/errors.ts'
import type { Fields } from '../model/schema.ts'
import { createFlightsCsv } from '../sources/flights-csv.ts'
import type { Pace } from '../sources/pace.ts'
import { createPricesCsv } from '../sources/prices-csv.ts'
import type { Source } from '../sources/source.ts'
import { flights } from '../topics/flights.ts'
import { prices } from '../topics/prices.ts'
import type { Stream } from '../topics/topic.ts'
import type { Config } from './config.ts'

export const sourceNames: readonly string[] = [flights.name, prices.name]

/** A source with the stream it feeds, the fields no longer told apart. */
export interface ChosenSource {
  readonly source: Source
  readonly stream: Stream
}

/** @throws WindsockError `usage`; and what opening the files throws */
export async function chooseSource(
  name: string | undefined,
  files: readonly string[],
  label: string | undefined,
): Promise<ChosenSource> {
  if (name === undefined || !sourceNames.includes(name)) {
    const message = name === undefined ? 'a source is missing' : `there is no source named ${name}`
    throw new WindsockError('usage', message, { hint: `The sources are ${sourceNames.join(' and ')}` })
  }
  if (files.length === 0) throw new WindsockError('usage', `${name} needs at least one --file`)
  if (name === flights.name) return choose(await createFlightsCsv(files), flights)
  return choose(await createPricesCsv(files, label === undefined ? {} : { label }), prices)
}

/** Files up to this size are counted, so that their progress is exact; of larger ones the bytes read tell it. */
const countedBytesMax = 8_000_000

/** Counting begins when the start is over: it is not what a newcomer waits for. */
const countAfterMs = 4_000

/** How many rows files have, or undefined where counting them would cost more than it tells. */
export async function countRows(
  name: string,
  files: readonly string[],
  label: string | undefined,
  signal: AbortSignal,
): Promise<number | undefined> {
  await systemClock.sleep(countAfterMs, signal)
  if (signal.aborted) return undefined
  const { source } = await chooseSource(name, files, label)
  if (source.bytes === undefined || source.bytes > countedBytesMax) return undefined
  let rows = 0
  for await (const frame of source.observe(signal)) rows += frame.length
  return rows
}

function choose<F extends Fields>(source: Source<F>, stream: Stream<F>): ChosenSource {
  const erased: { source: unknown; stream: unknown } = { source, stream }
  if (!isChosen(erased)) throw new TypeError('a source and its stream have different schemas')
  return erased
}

/** A source yields frames of its stream's schema, whichever that is: the two are only ever used together. */
function isChosen(pair: { source: unknown; stream: unknown }): pair is ChosenSource {
  const { source, stream } = pair
  return isOfSchema(source) && isOfSchema(stream) && source.schema === stream.schema
}

function isOfSchema(value: unknown): value is { schema: unknown } {
  return typeof value === 'object' && value !== null && 'schema' in value
}

/** @throws WindsockError `usage` when more than one pace is given */
export function readPace(config: Config, otherwise: Pace = { kind: 'max' }): Pace {
  const rate = config.number('rate')
  const times = config.number('speed')
  const given = [rate !== undefined, times !== undefined, config.flag('max')].filter(Boolean).length
  if (given > 1) throw new WindsockError('usage', '--rate, --speed and --max exclude each other')
  if (rate !== undefined) return { kind: 'rate', perSecond: rate }
  if (times !== undefined) return { kind: 'speed', times }
  return config.flag('max') ? { kind: 'max' } : otherwise
}

/** Reads `--set name=value`. @throws WindsockError `usage` */
export function readSettings(config: Config): Record<string, string> {
  const settings: [string, string][] = config.list('set').map((text) => {
    const equals = text.indexOf('=')
    if (equals < 1) throw new WindsockError('usage', `--set takes name=value, got "${text}"`)
    return [text.slice(0, equals), text.slice(equals + 1)]
  })
  return Object.fromEntries(settings)
}
