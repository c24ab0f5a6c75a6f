import { regroups } from '../topics/regrouped.ts'

/** How an option is given: `text` and `number` take a value, `flag` none, `list` a value each time it is given. */
export type OptionType = 'text' | 'number' | 'flag' | 'list'

export interface Option {
  readonly name: string
  readonly type: OptionType
  /** What stands for the value in the help: `DIR`. */
  readonly placeholder?: string
  readonly help: string
  readonly default?: OptionValue
  /** Whether environment and config file may set it too. */
  readonly shared?: true
  readonly min?: number
  readonly max?: number
  readonly whole?: true
  readonly oneOf?: readonly string[]
}

export type OptionValue = string | number | boolean | readonly string[]

/** What every command knows. */
export const sharedOptions: readonly Option[] = [
  {
    name: 'home',
    type: 'text',
    placeholder: 'DIR',
    default: '.windsock',
    shared: true,
    help: 'the folder that holds all state of one installation',
  },
  {
    name: 'brokers',
    type: 'text',
    placeholder: 'HOST:PORT,…',
    shared: true,
    help: 'a Kafka cluster that exists, instead of the local one',
  },
  {
    name: 'broker',
    type: 'text',
    placeholder: 'KIND',
    oneOf: ['kafka', 'memory'],
    default: 'kafka',
    shared: true,
    help: 'kafka, or memory for an in-process log that keeps nothing',
  },
  { name: 'config', type: 'text', placeholder: 'FILE', help: 'the config file, windsock.json if it is there' },
  { name: 'trace', type: 'flag', shared: true, help: 'print the stack of an error' },
  { name: 'help', type: 'flag', help: 'this text' },
]

export const portOption: Option = {
  name: 'port',
  type: 'number',
  placeholder: 'N',
  min: 0,
  max: 65_535,
  whole: true,
  shared: true,
  help: 'the dashboard’s port on 127.0.0.1; 0 chooses a free one',
}

export const nodesOption: Option = {
  name: 'nodes',
  type: 'number',
  placeholder: '1|3',
  oneOf: ['1', '3'],
  shared: true,
  help: 'nodes of the local cluster; three replicate threefold',
}

export const settingsOption: Option = {
  name: 'set',
  type: 'list',
  placeholder: 'NAME=VALUE',
  help: 'a setting of the analysis; other settings are another group and result topic',
}

export const regroupOption: Option = {
  name: 'regroup',
  type: 'text',
  placeholder: 'WAY',
  oneOf: regroups,
  help: 'how records of a key come together that lie in several partitions; chosen by itself if left out',
}

export const formatOption: Option = {
  name: 'format',
  type: 'text',
  placeholder: 'json|csv',
  oneOf: ['json', 'csv'],
  default: 'json',
  help: 'how results are printed',
}

export const fileOption: Option = {
  name: 'file',
  type: 'list',
  placeholder: 'FILE',
  help: 'a CSV file, plain, .gz or .zip; may be given several times',
}

export const labelOption: Option = {
  name: 'label',
  type: 'text',
  placeholder: 'SYM',
  help: 'the symbol of prices whose file has no Label column',
}

export const topicOption: Option = {
  name: 'topic',
  type: 'text',
  placeholder: 'T',
  help: 'another topic of the same records',
}

export const paceOptions: readonly Option[] = [
  { name: 'rate', type: 'number', placeholder: 'N', min: 0.001, max: 10_000_000, help: 'rows a second' },
  { name: 'speed', type: 'number', placeholder: 'X', min: 0.001, max: 1e12, help: 'times the data’s own clock' },
  { name: 'max', type: 'flag', help: 'as fast as it goes' },
]
