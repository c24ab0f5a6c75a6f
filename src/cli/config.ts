import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { systemCode, WindsockError } from '../foundation/errors.ts'
import type { Option, OptionValue } from './option.ts'

/** Where a value came from: `--home`, `WINDSOCK_HOME`, `windsock.json`, `default`. */
export interface Setting {
  readonly value: OptionValue | undefined
  readonly from: string
}

/** Every option of a command with its value; the one place where flags, environment and config file meet. */
export class Config {
  readonly settings: ReadonlyMap<string, Setting>
  readonly positionals: readonly string[]

  constructor(settings: ReadonlyMap<string, Setting>, positionals: readonly string[]) {
    this.settings = settings
    this.positionals = positionals
  }

  text(name: string): string | undefined {
    const value = this.settings.get(name)?.value
    return typeof value === 'string' ? value : undefined
  }

  number(name: string): number | undefined {
    const value = this.settings.get(name)?.value
    return typeof value === 'number' ? value : undefined
  }

  flag(name: string): boolean {
    return this.settings.get(name)?.value === true
  }

  list(name: string): readonly string[] {
    const value = this.settings.get(name)?.value
    return Array.isArray(value) ? value.map(String) : []
  }
}

const defaultFile = 'windsock.json'

/**
 * Reads the arguments of a command. A flag outdoes the environment, which outdoes the config file.
 *
 * @throws WindsockError `usage` for what is not an option or has no such value, `config` for a config file that cannot be used
 */
export function readConfig(
  args: readonly string[],
  options: readonly Option[],
  env: Readonly<Record<string, string | undefined>>,
): Config {
  const { values, positionals } = parse(args, options)
  const file = readConfigFile(typeof values['config'] === 'string' ? values['config'] : undefined, options)
  const settings = new Map<string, Setting>()
  for (const option of options) settings.set(option.name, settingOf(option, values[option.name], env, file))
  return new Config(settings, positionals)
}

function settingOf(
  option: Option,
  given: unknown,
  env: Readonly<Record<string, string | undefined>>,
  file: ConfigFile,
): Setting {
  const { name } = option
  if (given !== undefined) return { value: check(option, given, `--${name}`), from: `--${name}` }
  const variable = `WINDSOCK_${name.toUpperCase().replaceAll('-', '_')}`
  const inherited = option.shared === true ? env[variable] : undefined
  if (inherited !== undefined && inherited !== '') return { value: check(option, inherited, variable), from: variable }
  const written = file.values.get(name)
  if (written !== undefined) return { value: check(option, written, `${name} in ${file.path}`), from: file.path }
  return { value: option.default, from: 'default' }
}

function parse(args: readonly string[], options: readonly Option[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: Object.fromEntries(
        options.map(({ name, type }) => [
          name,
          { type: type === 'flag' ? ('boolean' as const) : ('string' as const), multiple: type === 'list' },
        ]),
      ),
    })
  } catch (error) {
    const message = error instanceof Error ? error.message.split(/\.\s/)[0] : String(error)
    throw new WindsockError('usage', message ?? 'wrong arguments', { cause: error })
  }
}

function check(option: Option, given: unknown, where: string): OptionValue {
  const { type, oneOf } = option
  if (type === 'flag') return given === true || given === 'true' || given === '1'
  if (type === 'list') return Array.isArray(given) ? given.map(String) : [String(given)]
  const text = String(given)
  if (oneOf !== undefined && !oneOf.includes(text)) {
    throw new WindsockError('usage', `${where} must be ${oneOf.join(' or ')}, got "${text}"`)
  }
  return type === 'number' ? checkNumber(option, text, where) : text
}

function checkNumber({ min = -Infinity, max = Infinity, whole }: Option, text: string, where: string): number {
  const value = Number(text)
  const fits = text.trim() !== '' && value >= min && value <= max && (whole !== true || Number.isInteger(value))
  if (!fits) {
    const kind = whole === true ? 'a whole number' : 'a number'
    throw new WindsockError('usage', `${where} must be ${kind} from ${min} to ${max}, got "${text}"`)
  }
  return value
}

interface ConfigFile {
  readonly path: string
  readonly values: ReadonlyMap<string, unknown>
}

function readConfigFile(named: string | undefined, options: readonly Option[]): ConfigFile {
  const path = named ?? defaultFile
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (named === undefined && systemCode(error) === 'ENOENT') return { path, values: new Map() }
    throw new WindsockError('config', `config file ${path} cannot be read (${systemCode(error) ?? String(error)})`, {
      cause: error,
    })
  }
  const values = toEntries(path, text)
  const allowed = options.filter(({ shared }) => shared === true).map(({ name }) => name)
  const known = new Set([...allowed, 'home', 'brokers', 'broker', 'port', 'nodes', 'trace'])
  for (const name of values.keys()) {
    if (!known.has(name)) {
      throw new WindsockError('config', `config file ${path} has no setting named ${name}`, {
        hint: `Its settings are ${[...known].join(', ')}`,
      })
    }
  }
  return { path, values }
}

function toEntries(path: string, text: string): Map<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text)
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return new Map(Object.entries(parsed))
  } catch (error) {
    throw new WindsockError('config', `config file ${path} is not JSON`, { cause: error })
  }
  throw new WindsockError('config', `config file ${path} must be a JSON object`)
}
