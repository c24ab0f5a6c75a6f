import { readFile } from 'node:fs/promises'
import { chooseAnalysis } from '../../analyses/all.ts'
import type { Broker } from '../../broker/broker.ts'
import { systemCode, WindsockError } from '../../foundation/errors.ts'
import {
  compareStates,
  dropStored,
  listStoredGroups,
  readStoredState,
  type StoredPartition,
  writeStates,
} from '../../pipelines/stored-state.ts'
import { stateTopic } from '../../topics/state.ts'
import type { Command, CommandContext } from '../command.ts'
import type { Config } from '../config.ts'
import { connect } from '../connect.ts'
import { settingsOption, topicOption } from '../option.ts'
import { readSettings } from '../sources.ts'

const differencesShownMax = 20

export const state: Command = {
  name: 'state',
  summary: 'List, export, compare and drop what analyses have stored.',
  usage: [
    'windsock state list [--json]',
    'windsock state export <analysis> [--set NAME=VALUE …] [--topic T]',
    'windsock state compare <analysis> <file> [--set NAME=VALUE …] [--topic T]',
    'windsock state drop <analysis> [--set NAME=VALUE …] [--topic T]',
  ],
  arguments: ['action', 'analysis', 'file'],
  options: [
    { name: 'json', type: 'flag', help: 'print the list as JSON' },
    settingsOption,
    { ...topicOption, help: 'the input topic, where it is not the usual one' },
  ],
  examples: [
    'windsock state list',
    'windsock state export bollinger --set period=10 > before.jsonl',
    'windsock state compare bollinger before.jsonl --set period=10',
    'windsock state drop flights-per-day',
  ],
  async run(context) {
    const [action, analysis, file] = context.config.positionals
    const act = { list, export: exportStates, compare, drop }[action ?? '']
    if (act === undefined) {
      throw new WindsockError('usage', `windsock state takes list, export, compare or drop, got "${action ?? ''}"`)
    }
    if (act === list && analysis !== undefined)
      throw new WindsockError('usage', 'windsock state list lists all of them')
    if (act !== compare && file !== undefined)
      throw new WindsockError('usage', `${action} takes no file, got "${file}"`)
    const broker = await connect(context.config)
    try {
      await act(broker, context)
    } finally {
      await broker.close()
    }
  },
}

async function list(broker: Broker, { config, print, signal }: CommandContext): Promise<void> {
  const groups = []
  for (const group of await listStoredGroups(broker)) {
    groups.push({ group, partitions: (await readStoredState(broker, group, signal)).map(summaryOf) })
  }
  if (config.flag('json')) return print(`${JSON.stringify(groups)}\n`)
  if (groups.length === 0) return print('nothing is stored\n')
  for (const { group, partitions } of groups) {
    const keys = partitions.reduce((sum, each) => sum + each.keys, 0)
    const places = partitions.map(({ partition, next, isDamaged }) => {
      return `${partition} ${isDamaged ? 'damaged' : next === null ? 'not begun' : `up to ${next}`}`
    })
    const topic = partitions.find((each) => each.topic !== null)?.topic ?? 'nothing yet'
    print(`${group}: ${keys} keys of ${topic}, partition ${places.join(', ')}\n`)
  }
}

function summaryOf({ partition, checkpoint, states }: StoredPartition) {
  const isDamaged = checkpoint === 'damaged'
  const { topic = null, next = null } = isDamaged ? {} : (checkpoint ?? {})
  return { partition, topic, next, keys: states.size, isDamaged }
}

async function exportStates(broker: Broker, { config, print, signal }: CommandContext): Promise<void> {
  print(writeStates(await readStoredState(broker, groupOf(config), signal)))
}

async function compare(broker: Broker, { config, print, signal }: CommandContext): Promise<void> {
  const group = groupOf(config)
  const path = config.positionals[2]
  if (path === undefined) throw new WindsockError('usage', 'the file to compare with is missing')
  const there = await readExport(path)
  const differences = compareStates(writeStates(await readStoredState(broker, group, signal)), there)
  if (differences.length === 0) return print(`the state of ${group} is that of ${path}\n`)
  for (const difference of differences.slice(0, differencesShownMax)) print(`${difference}\n`)
  throw new WindsockError('state-differs', `${differences.length} keys of ${group} differ from ${path}`)
}

async function drop(broker: Broker, { config, print }: CommandContext): Promise<void> {
  const group = groupOf(config)
  await broker.admin.describeTopic(stateTopic(group, 1).name)
  await dropStored(broker, group)
  print(`the state of ${group} is dropped: it begins anew at the earliest record\n`)
}

function groupOf(config: Config): string {
  return chooseAnalysis(config.positionals[1] ?? '', readSettings(config), config.text('topic')).group
}

async function readExport(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new WindsockError('file-missing', `${path} cannot be read (${systemCode(error) ?? String(error)})`, {
      hint: 'It is made by windsock state export',
      cause: error,
    })
  }
}
