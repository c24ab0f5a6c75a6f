import type { Fields } from '../../src/model/schema.ts'
import { createFrame, type Frame, type FrameBuilder } from '../../src/model/frame.ts'
import { optional, required, type Schema } from '../../src/model/schema.ts'

const fields = {
  label: required('text', 'Label', { aliases: ['Symbol'] }),
  price: optional('number', 'Adj Close'),
  count: optional('integer', 'COUNT', { min: 0, max: 31 }),
  time: optional('hhmm', 'DEP_TIME'),
  day: optional('date', 'Date'),
} as const

export type ThingFields = typeof fields

/** A schema with a field of every type. */
export const thingSchema: Schema<ThingFields> = { name: 'things', fields }

export const thingNames = ['label', 'price', 'count', 'time', 'day'] as const

export function frameOfCells(...rows: readonly (readonly string[])[]): FrameBuilder<ThingFields> {
  const frame = createFrame(thingSchema, 'things.csv', 1)
  rows.forEach((cells, i) => frame.addCells(thingNames, cells, i + 2))
  return frame
}

export function reasonsOf<F extends Fields>(frame: Frame<F>): string[] {
  return frame.refusals.map(({ reason }) => reason)
}
