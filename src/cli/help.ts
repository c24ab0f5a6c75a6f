import type { Command } from './command.ts'
import { type Option, sharedOptions } from './option.ts'

export function describeAll(commands: readonly Command[], version: string): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  const lines = commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
  return [
    `windsock ${version}: live streams on Apache Kafka turned into indicators that people can watch and trust`,
    '',
    'Usage: windsock <command> [options]',
    '',
    'Commands:',
    ...lines,
    '',
    'Options of every command:',
    ...describeOptions(sharedOptions),
    '',
    'Example: windsock up',
    'More:    windsock <command> --help',
    '',
  ].join('\n')
}

export function describeCommand(command: Command): string {
  return [
    command.summary,
    '',
    ...command.usage.map((line, index) => `${index === 0 ? 'Usage:' : '      '} ${line}`),
    '',
    ...(command.options.length === 0 ? [] : ['Options:', ...describeOptions(command.options), '']),
    'Options of every command:',
    ...describeOptions(sharedOptions),
    '',
    'Examples:',
    ...command.examples.map((line) => `  ${line}`),
    '',
  ].join('\n')
}

function describeOptions(options: readonly Option[]): string[] {
  const heads = options.map(({ name, placeholder }) => `--${name}${placeholder === undefined ? '' : ` ${placeholder}`}`)
  const width = Math.max(...heads.map((head) => head.length))
  return options.map(({ help, default: standard }, index) => {
    const usual = standard === undefined ? '' : ` (${String(standard)})`
    return `  ${(heads[index] ?? '').padEnd(width)}  ${help}${usual}`
  })
}
