import { WindsockError } from '../foundation/errors.ts'
import type { Fields } from '../model/schema.ts'
import { resultTopic } from '../topics/results.ts'
import type { Topic } from '../topics/topic.ts'
import type { Analysis, Emits, Result, Settings, SettingValues } from './analysis.ts'
import { aroon } from './aroon.ts'
import { bollinger } from './bollinger.ts'
import { flightsPerDay } from './flights-per-day.ts'
import type { StateFields } from './state.ts'

/** An analysis with its settings chosen, the types of its row, state and result no longer told apart. */
export interface ChosenAnalysis {
  readonly name: string
  /** Consumer group and result topic: the name, and the settings where they are not the defaults. */
  readonly group: string
  readonly input: Analysis['input']
  readonly reads: readonly string[]
  readonly keyBy: readonly string[]
  readonly state: StateFields
  fold(state: unknown, row: unknown): string | undefined
  /** @param origin where the row came from: `flights/2` */
  report(state: unknown, key: unknown, origin?: string): Result | undefined
  readonly emits: ChosenEmits
  /** Where its results go: as upserts under their keys to a compacted topic, else one after the other. */
  readonly output: Topic
}

const choosers = {
  bollinger: chooser(bollinger),
  aroon: chooser(aroon),
  'flights-per-day': chooser(flightsPerDay),
} as const

export type AnalysisName = keyof typeof choosers

export const analysisNames = Object.keys(choosers).filter(isAnalysisName)

export function isAnalysisName(name: string): name is AnalysisName {
  return Object.hasOwn(choosers, name)
}

/**
 * Finds an analysis by name and gives it its settings.
 *
 * @param topic another input topic than the usual one
 * @throws WindsockError `usage` for a name, a setting or a value that does not exist
 */
export function chooseAnalysis(
  name: string,
  settings: Readonly<Record<string, string>> = {},
  topic?: string,
): ChosenAnalysis {
  if (!isAnalysisName(name)) {
    const message = name === '' ? 'an analysis is missing' : `there is no analysis named ${name}`
    throw new WindsockError('usage', message, {
      hint: `The analyses are ${analysisNames.join(', ')}`,
    })
  }
  const chosen = choosers[name](settings)
  if (topic === undefined || topic === chosen.input.name) return chosen
  const group = `${chosen.group}-of-${topic}`
  return { ...chosen, input: { ...chosen.input, name: topic }, group, output: resultTopic(group) }
}

/** Makes an analysis one that can be given its settings. */
export function chooser<
  F extends Fields,
  R extends keyof F & string,
  K extends R,
  V extends Settings,
  B extends StateFields,
  T extends Result,
>(analysis: Analysis<F, R, K, V, B, T>): (settings: Readonly<Record<string, string>>) => ChosenAnalysis {
  // Methods are compared bivariantly: the types of row, state and settings meet nothing but the analysis itself.
  const erased: ErasedAnalysis = analysis
  return (given) => {
    const values = readSettings(analysis.name, analysis.settings, given)
    const group = groupName(analysis.name, analysis.settings, values)
    return {
      name: analysis.name,
      group,
      input: analysis.input,
      reads: analysis.reads,
      keyBy: analysis.keyBy,
      state: erased.begin(values),
      fold: (state, row) => erased.fold(state, row, values),
      report: (state, key) => erased.report(state, key, values),
      emits: erased.emits,
      output: resultTopic(group),
    }
  }
}

/** As `Emits`, the columns' names no longer told apart. */
export interface ChosenEmits {
  readonly per: Emits['per']
  readonly key: readonly string[]
  readonly columns: readonly string[]
  /** The columns that the output is partitioned by, where these are not all of the key. */
  readonly partitionBy?: readonly string[]
}

interface ErasedAnalysis {
  begin(settings: SettingValues): StateFields
  fold(state: unknown, row: unknown, settings: SettingValues): string | undefined
  report(state: unknown, key: unknown, settings: SettingValues): Result | undefined
  readonly emits: ChosenEmits
}

function readSettings(
  analysis: string,
  declared: Analysis['settings'],
  given: Readonly<Record<string, string>>,
): Record<string, number> {
  const values: Record<string, number> = {}
  for (const [name, setting] of Object.entries(declared)) values[name] = setting.default
  for (const [name, text] of Object.entries(given)) {
    const setting = Object.hasOwn(declared, name) ? declared[name] : undefined
    if (setting === undefined) {
      const known = Object.keys(declared).join(', ')
      throw new WindsockError('usage', `${analysis} has no setting named ${name}`, {
        hint: known === '' ? `${analysis} has no settings` : `Its settings are ${known}`,
      })
    }
    const value = Number(text)
    const fits = text.trim() !== '' && value >= setting.min && value <= setting.max
    if (!fits || (setting.whole && !Number.isInteger(value))) {
      const kind = setting.whole ? 'a whole number' : 'a number'
      throw new WindsockError('usage', `${name} must be ${kind} from ${setting.min} to ${setting.max}, got "${text}"`)
    }
    values[name] = value
  }
  return values
}

function groupName(analysis: string, declared: Analysis['settings'], values: Readonly<Record<string, number>>): string {
  const changed = Object.keys(declared)
    .filter((name) => values[name] !== declared[name]?.default)
    .toSorted()
  return [analysis, ...changed.map((name) => `${name}-${values[name]}`)].join('-')
}
