import type { Engine } from '../engine.ts'
import { confluent } from './confluent.ts'
import { consumerPerformance } from './consumer-performance.ts'
import { javaJackson } from './java-jackson.ts'
import { kafkajs } from './kafkajs.ts'
import { kafkaStreams } from './kafka-streams.ts'
import { platformatic } from './platformatic.ts'
import { windsock } from './windsock.ts'

/** In the order in which they are run and shown. */
export const engines: readonly Engine[] = [
  windsock,
  consumerPerformance,
  kafkajs,
  platformatic,
  confluent,
  javaJackson,
  kafkaStreams,
]
