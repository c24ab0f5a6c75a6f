import type { Config } from './config.ts'
import type { Option } from './option.ts'

/** What a command has to work with, so that a test can give it other things. */
export interface CommandContext {
  readonly config: Config
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted when the user wants an end: drain and return. */
  readonly signal: AbortSignal
  /** Results, to standard output. */
  readonly print: (text: string) => void
  /** What happens, to standard error. */
  readonly say: (text: string) => void
}

export interface Command {
  readonly name: string
  /** One line, for the list of commands. */
  readonly summary: string
  /** How it is called: `windsock publish <source> --file F`. */
  readonly usage: readonly string[]
  readonly options: readonly Option[]
  /** What its arguments are, such as `source`; left out, it takes none. */
  readonly arguments?: readonly string[]
  readonly examples: readonly string[]
  run(context: CommandContext): Promise<void>
}
