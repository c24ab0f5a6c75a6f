/** Kafka Streams by its Processor API, which spares the repartition of the DSL's `groupBy` and is the faster of the two. */
import type { Engine } from '../engine.ts'
import { compileJava, javaCommand } from '../installed/java-classes.ts'

export const kafkaStreams: Engine = {
  name: 'kafka-streams',
  variants: {
    'flights-drain': [{ mode: 'processor-api', processes: 1 }],
    'bars-indicators': [
      { mode: 'at-least-once', processes: 1 },
      { mode: 'exactly-once', processes: 1 },
    ],
  },
  async prepare(place) {
    const classPath = await compileJava(place)
    const mainClasses = { 'flights-drain': 'StreamsDrain', 'bars-indicators': 'StreamsIndicators' } as const
    return { command: (task) => javaCommand(place, classPath, mainClasses[task.job], task) }
  },
}
