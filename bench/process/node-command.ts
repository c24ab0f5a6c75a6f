import { fileURLToPath } from 'node:url'
import type { Command, Task } from '../engine.ts'

export interface NodeSettings {
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** For clients that make an object of every record: with room for what lives shortly they spend a tenth less CPU. */
export const largeYoungGeneration = '--max-semi-space-size=64'

/** As the launcher runs `windsock analyse`. */
export const smallYoungGeneration = '--max-semi-space-size=4'

/** The engine's own file as a program on this Node. */
export function nodeCommand(file: string, task: Task, { flags = [], env = {} }: NodeSettings = {}): Command {
  const args = ['--disable-warning=ExperimentalWarning', ...flags, fileURLToPath(file), JSON.stringify(task)]
  return { file: process.execPath, args, env }
}
