import type { Command } from '../command.ts'
import { nodesOption, portOption } from '../option.ts'

export const config: Command = {
  name: 'config',
  summary: 'Print every setting, its value and where it came from.',
  usage: ['windsock config [--json]'],
  options: [portOption, nodesOption, { name: 'json', type: 'flag', help: 'print as JSON' }],
  examples: ['windsock config', 'WINDSOCK_PORT=9000 windsock config', 'windsock config --config other.json --json'],
  async run({ config: values, print }) {
    const asked = new Set(['json', 'help', 'config'])
    const settings = [...values.settings].filter(([name]) => !asked.has(name))
    if (values.flag('json')) {
      const rows = settings.map(([name, { value, from }]) => [name, { value: value ?? null, from }])
      return print(`${JSON.stringify(Object.fromEntries(rows), null, 2)}\n`)
    }
    const width = Math.max(...settings.map(([name]) => name.length))
    for (const [name, { value, from }] of settings) {
      print(`${name.padEnd(width)}  ${String(value ?? 'not set').padEnd(24)}  ${from}\n`)
    }
  },
}
