import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { analyse } from '../../src/cli/commands/analyse.ts'
import { broker } from '../../src/cli/commands/broker.ts'
import { config } from '../../src/cli/commands/config.ts'
import { dashboard } from '../../src/cli/commands/dashboard.ts'
import { publish } from '../../src/cli/commands/publish.ts'
import { recompute } from '../../src/cli/commands/recompute.ts'
import { results } from '../../src/cli/commands/results.ts'
import { up } from '../../src/cli/commands/up.ts'
import { describeAll, describeCommand } from '../../src/cli/help.ts'
import { sharedOptions } from '../../src/cli/option.ts'

const commands = [up, broker, publish, analyse, results, recompute, dashboard, config]

describe('the help', () => {
  it('lists every command with its summary, and how to go on', () => {
    const text = describeAll(commands, '1.2.3')
    assert.match(text, /^windsock 1\.2\.3: /)
    for (const { name, summary } of commands) assert.match(text, new RegExp(`^  ${name} +${escaped(summary)}$`, 'm'))
    assert.match(text, /windsock <command> --help/)
  })

  for (const command of commands) {
    it(`of ${command.name} has its usage, every option and an example`, () => {
      const text = describeCommand(command)
      assert.ok(text.startsWith(`${command.summary}\n\nUsage: windsock ${command.name}`))
      for (const { name, help } of [...command.options, ...sharedOptions]) {
        assert.match(text, new RegExp(`^  --${name}\\b.* ${escaped(help)}`, 'm'))
      }
      assert.match(text, new RegExp(`^Examples:\\n  .*windsock ${command.name}\\b`, 'm'))
      assert.ok(Math.max(...text.split('\n').map((line) => line.length)) <= 130, 'no line is too long to read')
    })
  }

  it('shows an option with its placeholder and its usual value', () => {
    assert.match(describeCommand(results), /^  --format json\|csv +how results are printed \(json\)$/m)
  })
})

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
