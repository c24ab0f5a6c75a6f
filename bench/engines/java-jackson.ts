/** A plain Java consumer in two threads and Jackson's streaming parser: what a good Java programmer would write by hand. */
import type { Engine } from '../engine.ts'
import { compileJava, javaCommand } from '../installed/java-classes.ts'

export const javaJackson: Engine = {
  name: 'java-jackson',
  variants: {
    'flights-drain': [
      { mode: 'whole-record', processes: 1 },
      { mode: 'early-stop', processes: 1 },
    ],
    'bars-indicators': [{ mode: 'whole-record', processes: 1 }],
  },
  async prepare(place) {
    const classPath = await compileJava(place)
    const mainClasses = { 'flights-drain': 'JacksonDrain', 'bars-indicators': 'JacksonIndicators' } as const
    return { command: (task) => javaCommand(place, classPath, mainClasses[task.job], task) }
  },
}
