/**
 * What `npm test` runs: types, lint and format, then the tests, the quick ones first.
 *
 *   node scripts/run.mjs scripts/test.ts [--only types,lint,format,unit,kafka,browser] [FILE…]
 *
 * The last line is always `N passed, N failed`, with `, N skipped` if any; each check counts as one.
 */
import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { endRunningPrograms } from './test/child-process.ts'
import { describeOutcome, describeSkips, describeTotal, isGood, type Outcome } from './test/outcome.ts'
import { findTestFiles, runStage, type StageName, stageNames, suiteOf } from './test/stages.ts'

const launcherLookMs = 1_000

interface Plan {
  readonly stages: readonly StageName[]
  readonly files: readonly string[]
}

const callerFolder = process.cwd()
process.chdir(fileURLToPath(new URL('..', import.meta.url)))
stopWithTheCaller()
try {
  process.exitCode = isGood(await runAll(readPlan(process.argv.slice(2)))) ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function runAll({ stages, files }: Plan): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const stage of stages) {
    const startMs = performance.now()
    console.log(stage)
    const ofStage = await runStage(stage, files, (outcome) => console.log(describeOutcome(outcome)))
    outcomes.push(...ofStage)
    console.log(`  ${describeTotal(ofStage)} in ${((performance.now() - startMs) / 1000).toFixed(1)} s\n`)
  }
  for (const line of describeSkips(outcomes)) console.log(line)
  if (outcomes.length === 0) console.log('nothing was run')
  console.log(describeTotal(outcomes))
  return outcomes
}

function readPlan(args: string[]): Plan {
  const { values, positionals } = parseArgs({ args, options: { only: { type: 'string' } }, allowPositionals: true })
  if (positionals.length === 0) return { stages: readStages(values.only), files: findTestFiles() }
  if (values.only !== undefined) throw new Error('give either --only or file names, not both')
  const files = positionals.map((path) => {
    const absolute = resolve(callerFolder, path)
    if (!existsSync(absolute)) throw new Error(`there is no test file ${path}`)
    return relative(process.cwd(), absolute).replaceAll('\\', '/')
  })
  return { stages: stageNames.filter((stage) => files.some((file) => suiteOf(file) === stage)), files }
}

function readStages(only: string | undefined): readonly StageName[] {
  if (only === undefined) return stageNames
  const wanted = only.split(',')
  const unknown = wanted.find((name) => !stageNames.some((stage) => stage === name))
  if (unknown !== undefined) throw new Error(`there is no stage ${unknown}; there are ${stageNames.join(', ')}`)
  return stageNames.filter((stage) => wanted.includes(stage))
}

/** No broker or browser outlives the run that has started it. */
function stopWithTheCaller(): void {
  process.once('SIGINT', () => stop(130))
  process.once('SIGTERM', () => stop(143))
  process.once('SIGHUP', () => stop(129))
  const launcher = Number(process.env['WINDSOCK_LAUNCHER_PID'])
  if (launcher !== process.ppid) return
  setInterval(() => {
    if (process.ppid !== launcher) stop(143)
  }, launcherLookMs).unref()
}

function stop(code: number): void {
  void endRunningPrograms().then(() => process.exit(code))
}
