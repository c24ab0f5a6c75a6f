import { once } from 'node:events'
import type { BarsTask, DrainTask, JobName, Report, Task } from '../engine.ts'

/** What a process of an engine can do. */
export interface Work {
  readonly 'flights-drain'?: (task: DrainTask) => Promise<Report>
  readonly 'bars-indicators'?: (task: BarsTask) => Promise<Report>
}

/**
 * The process's side of a run, the same in `bench/java/Harness.java`: it prints `{"ready":true}` when it is loaded, waits for a
 * line, does the task that its first argument is, prints `{"report":{…}}`, and lives until its input ends, so that its
 * memory and CPU can be read at rest.
 */
export async function serveTask(work: Work): Promise<void> {
  const task: Task = JSON.parse(process.argv[2] ?? '')
  // Its end is also that of a parent that was killed: then nobody waits for the report any more.
  process.stdin.once('end', () => process.exit(0))
  say({ ready: true })
  await once(process.stdin, 'data')
  process.stdin.resume()
  say({ report: await run(work, task) })
}

function run(work: Work, task: Task): Promise<Report> {
  switch (task.job) {
    case 'flights-drain':
      return work[task.job]?.(task) ?? unable(task.job)
    case 'bars-indicators':
      return work[task.job]?.(task) ?? unable(task.job)
  }
}

function unable(job: JobName): never {
  throw new Error(`this engine does not do ${job}`)
}

/** One line for the parent. */
export function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`)
}
