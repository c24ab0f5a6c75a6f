/** The rules of the source tree, as tables. What they mean is in ARCHITECTURE.md; what checks them is beside this file. */

export interface FolderRule {
  /** A folder of src. A file belongs to the longest one that holds it; files of one folder may import each other. */
  readonly folder: string
  /** Folders (`model`) and single files (`foundation/errors.ts`) of src, or `*` for all. */
  readonly mayImport: readonly string[]
  /** Of these, types only: nothing that exists at run time. */
  readonly mayImportTypesOf?: readonly string[]
  /** Whether it may use Node's own modules. */
  readonly node: boolean
}

export const folderRules: readonly FolderRule[] = [
  { folder: 'foundation', mayImport: [], node: true },
  { folder: 'model', mayImport: [], node: false },
  { folder: 'topics', mayImport: ['model', 'foundation/errors.ts'], node: false },
  { folder: 'codecs', mayImport: ['model', 'foundation'], node: true },
  { folder: 'sources', mayImport: ['model', 'foundation'], node: true },
  { folder: 'analyses', mayImport: ['topics', 'model', 'foundation/errors.ts'], node: false },
  { folder: 'models', mayImport: ['analyses', 'topics', 'model', 'foundation'], node: true },
  { folder: 'broker', mayImport: ['model', 'topics', 'foundation'], node: true },
  { folder: 'broker/kafka', mayImport: ['broker', 'model', 'topics', 'foundation'], node: true },
  { folder: 'broker/memory', mayImport: ['broker', 'model', 'topics', 'foundation'], node: true },
  {
    folder: 'pipelines',
    mayImport: ['sources', 'codecs', 'topics', 'analyses', 'models', 'broker/broker.ts', 'model', 'foundation'],
    node: true,
  },
  {
    folder: 'monitor',
    mayImport: ['broker/broker.ts', 'broker/observer.ts', 'topics', 'model', 'foundation'],
    node: true,
  },
  {
    folder: 'sizing',
    mayImport: ['pipelines', 'monitor', 'broker/broker.ts', 'topics', 'analyses', 'model', 'foundation'],
    node: true,
  },
  {
    folder: 'comparison',
    mayImport: ['pipelines', 'monitor', 'broker/broker.ts', 'topics', 'analyses', 'model', 'foundation'],
    node: true,
  },
  {
    folder: 'dashboard/server',
    mayImport: ['pipelines/follow-results.ts', 'monitor', 'model', 'foundation'],
    node: true,
  },
  { folder: 'dashboard/browser', mayImport: ['model'], mayImportTypesOf: ['analyses'], node: false },
  { folder: 'cli', mayImport: ['*'], node: true },
]

export interface PackageRule {
  readonly packages: readonly string[]
  /** The only folder of src that may import them. */
  readonly folder: string
}

export const packageRules: readonly PackageRule[] = [
  {
    packages: ['@platformatic/kafka', 'kafkajs', '@confluentinc/kafka-javascript', 'node-rdkafka'],
    folder: 'broker/kafka',
  },
]

/** Words that say nothing about what a file holds. */
export const emptyNames: readonly string[] = [
  'util',
  'utils',
  'helper',
  'helpers',
  'common',
  'misc',
  'manager',
  'managers',
]

/** Longer than this, blank lines not counted, and a file is about more than one thing. */
export const fileLinesMax = 400

export interface UntestedFile {
  /** A file, or with a slash at its end a folder of small files that are tested together. */
  readonly file: string
  readonly reason: string
  /** The test that covers it, where one does. */
  readonly coveredBy?: string
}

/** Files with code that have no test of their own in the mirrored place. */
export const untestedFiles: readonly UntestedFile[] = [
  { file: 'src/foundation/limits.ts', reason: 'only constants' },
  { file: 'src/analyses/analysis.ts', reason: 'types, and a function that returns its argument' },
  {
    file: 'src/codecs/json/',
    reason: 'the parts of one decoder, which together must do what JSON.parse does',
    coveredBy: 'test/codecs/json/json-codec.test.ts',
  },
  {
    file: 'src/pipelines/pack-rows.ts',
    reason: 'the inner half of publishing',
    coveredBy: 'test/pipelines/publish-source.test.ts',
  },
  {
    file: 'src/broker/kafka/',
    reason: 'the parts of one client, which mean something only together and against a real broker',
    coveredBy: 'test/broker/kafka/kafka-broker.test.ts',
  },
  {
    file: 'src/broker/kafka/server/',
    reason: 'the parts of one server, likewise',
    coveredBy: 'test/broker/kafka/server/local-kafka.test.ts',
  },
  {
    file: 'src/cli/',
    reason: 'commands are tested as a user runs them',
    coveredBy: 'test/kafka/commands.test.ts',
  },
  { file: 'src/cli/up/', reason: 'likewise, all together', coveredBy: 'test/scenarios/up.test.ts' },
  {
    file: 'src/dashboard/browser/',
    reason: 'what is drawn is looked at in a real browser; what is computed has tests of its own',
    coveredBy: 'test/browser/first-flight.test.ts',
  },
]

export interface TextRule {
  readonly pattern: RegExp
  /** Lines that may look like it. */
  readonly except: RegExp
  readonly meaning: string
}

/** What no file of the repository may say. */
export const textRules: readonly TextRule[] = [
  {
    pattern: /https?:\/\/[a-z0-9.-]*(npmjs|maven|pypi|pythonhosted|debian|crates)/i,
    except: /\bxmlns\b|schemaLocation/, // the name of an XML vocabulary, which nobody fetches
    meaning: 'names the host of a package registry, which belongs to the configuration of the machine',
  },
  {
    pattern: /(?<![\w.\-~}*])\/(work|home\/[a-z][\w.-]*)\//,
    except: /^\s*"integrity":/, // a hash may look like anything
    meaning: "names a folder of somebody's machine",
  },
]
