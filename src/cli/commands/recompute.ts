import { chooseAnalysis } from '../../analyses/all.ts'
import { recompute as recomputeSource } from '../../pipelines/recompute.ts'
import { writeResults } from '../../pipelines/results-table.ts'
import type { Command } from '../command.ts'
import { fileOption, formatOption, labelOption, settingsOption } from '../option.ts'
import { chooseSource, readSettings } from '../sources.ts'
import { formatOf } from './results.ts'

export const recompute: Command = {
  name: 'recompute',
  summary: 'Compute an analysis from files, with no broker: what the live results must equal, byte for byte.',
  usage: ['windsock recompute <analysis> --file F [--file G …] [--label SYM] [--set NAME=VALUE …] [--format json|csv]'],
  arguments: ['analysis'],
  options: [fileOption, labelOption, formatOption, settingsOption],
  examples: [
    'windsock recompute flights-per-day --file flights.csv.gz --format csv',
    'windsock recompute bollinger --file AAPL.csv --set period=10',
  ],
  async run({ config, print, say, signal }) {
    const analysis = chooseAnalysis(config.positionals[0] ?? '', readSettings(config))
    const { source } = await chooseSource(analysis.input.name, config.list('file'), config.text('label'))
    const { results, refused } = await recomputeSource(analysis, source, signal)
    if (refused > 0) say(`${refused} rows were refused`)
    print(writeResults(analysis, results, formatOf(config)))
  },
}
