import type { Command } from '../../src/cli/command.ts'
import { readConfig } from '../../src/cli/config.ts'
import { sharedOptions } from '../../src/cli/option.ts'

export interface RunHere {
  readonly printed: string
  readonly said: string
}

/** Runs a command in this process, as the command line would; what it throws is the caller's. */
export async function runHere(
  command: Command,
  args: readonly string[],
  options: { readonly env?: Readonly<Record<string, string>>; readonly signal?: AbortSignal } = {},
): Promise<RunHere> {
  const env = options.env ?? {}
  let printed = ''
  let said = ''
  await command.run({
    config: readConfig(args, [...command.options, ...sharedOptions], env),
    env,
    signal: options.signal ?? new AbortController().signal,
    print: (text) => (printed += text),
    say: (text) => (said += text.endsWith('\n') ? text : `${text}\n`),
  })
  return { printed, said }
}
