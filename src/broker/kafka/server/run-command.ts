import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Environment } from './find-executable.ts'

export interface CommandResult {
  /** Undefined when a signal ended the command. */
  readonly exitCode: number | undefined
  /** Standard output and standard error as they came, cut off at `outputCharsMax`. */
  readonly output: string
}

const outputCharsMax = 1_000_000

/**
 * Runs a short-lived command to its end.
 *
 * @throws what `spawn` throws when the file cannot be run, and the signal's `AbortError` when it aborts
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: { readonly env: Environment; readonly cwd?: string; readonly signal?: AbortSignal | undefined },
): Promise<CommandResult> {
  const child = spawn(file, args, {
    env: { ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      if (output.length < outputCharsMax) output += text
    })
  }
  await once(child, 'close')
  return { exitCode: child.exitCode ?? undefined, output }
}
