import { chooseAnalysis } from '../../analyses/all.ts'
import { readResults } from '../../pipelines/read-results.ts'
import { type TableFormat, writeResults } from '../../pipelines/results-table.ts'
import type { Command } from '../command.ts'
import type { Config } from '../config.ts'
import { connect } from '../connect.ts'
import { formatOption, settingsOption, topicOption } from '../option.ts'
import { readSettings } from '../sources.ts'

export const results: Command = {
  name: 'results',
  summary: 'Print all results of an analysis, sorted by key.',
  usage: ['windsock results <analysis> [--set NAME=VALUE …] [--format json|csv]'],
  arguments: ['analysis'],
  options: [formatOption, settingsOption, { ...topicOption, help: 'the input topic, where it is not the usual one' }],
  examples: ['windsock results flights-per-day --format csv', 'windsock results aroon --set period=25'],
  async run({ config, print, signal }) {
    const analysis = chooseAnalysis(config.positionals[0] ?? '', readSettings(config), config.text('topic'))
    const broker = await connect(config)
    try {
      print(writeResults(analysis, await readResults(broker, analysis, signal), formatOf(config)))
    } finally {
      await broker.close()
    }
  },
}

export function formatOf(config: Config): TableFormat {
  return config.text('format') === 'csv' ? 'csv' : 'json'
}
