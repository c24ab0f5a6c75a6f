import { describeError, WindsockError } from '../foundation/errors.ts'
import type { Command } from './command.ts'
import { analyse } from './commands/analyse.ts'
import { broker } from './commands/broker.ts'
import { config } from './commands/config.ts'
import { dashboard } from './commands/dashboard.ts'
import { publish } from './commands/publish.ts'
import { recompute } from './commands/recompute.ts'
import { results } from './commands/results.ts'
import { state } from './commands/state.ts'
import { up } from './commands/up.ts'
import { readConfig } from './config.ts'
import { describeAll, describeCommand } from './help.ts'
import { sharedOptions } from './option.ts'
import { untilAskedToStop } from './stop-signal.ts'
import { version } from './version.ts'

const commands: readonly Command[] = [up, broker, publish, analyse, results, recompute, state, dashboard, config]

/** 0 done, 1 failed, 2 wrong usage. */
process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args
  if (name === undefined || name === '--help' || name === 'help') {
    process.stdout.write(describeAll(commands, version))
    return name === undefined ? 2 : 0
  }
  if (name === '--version') {
    process.stdout.write(`${version}\n`)
    return 0
  }
  const command = commands.find((each) => each.name === name)
  if (command === undefined) {
    const known = commands.map((each) => each.name).join(', ')
    return fail(new WindsockError('usage', `there is no command ${name}`, { hint: `The commands are ${known}` }), false)
  }
  if (rest.includes('--help')) {
    process.stdout.write(describeCommand(command))
    return 0
  }
  return runCommand(command, rest)
}

async function runCommand(command: Command, args: readonly string[]): Promise<number> {
  let isTraced = args.includes('--trace')
  const signal = untilAskedToStop()
  // A command that only waits, as for records of the in-process log, is not over.
  const waiting = setInterval(() => {}, 60_000)
  try {
    const values = readConfig(args, [...command.options, ...sharedOptions], process.env)
    isTraced = values.flag('trace')
    refuseSurplus(command, values.positionals)
    await command.run({
      config: values,
      env: process.env,
      signal,
      print: (text) => process.stdout.write(text),
      say: (text) => process.stderr.write(text.endsWith('\n') ? text : `${text}\n`),
    })
    return 0
  } catch (error) {
    const isAskedFor = signal.aborted && error instanceof Error && error.name === 'AbortError'
    return isAskedFor ? 0 : fail(error, isTraced, command)
  } finally {
    clearInterval(waiting)
  }
}

function refuseSurplus({ name, arguments: taken = [] }: Command, given: readonly string[]): void {
  const surplus = given[taken.length]
  if (surplus === undefined) return
  const takes = ['no argument', `one argument, the ${taken[0]}`][taken.length] ?? `${taken.join(', ')} and no more`
  throw new WindsockError('usage', `windsock ${name} takes ${takes}, got "${surplus}" too`)
}

function fail(error: unknown, isTraced: boolean, command?: Command): number {
  const isUsage = error instanceof WindsockError && error.code === 'usage'
  process.stderr.write(`windsock: ${describeError(error)}\n`)
  if (isUsage && command !== undefined) process.stderr.write(`See windsock ${command.name} --help\n`)
  if (isTraced && error instanceof Error) process.stderr.write(`${error.stack ?? ''}\n`)
  return isUsage ? 2 : 1
}
