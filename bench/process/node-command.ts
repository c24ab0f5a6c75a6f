import { fileURLToPath } from 'node:url'
import type { Command, Task } from '../engine.ts'

/** The engine's own file as a program on this Node. */
export function nodeCommand(file: string, task: Task, env: Readonly<Record<string, string>> = {}): Command {
  const args = ['--disable-warning=ExperimentalWarning', fileURLToPath(file), JSON.stringify(task)]
  return { file: process.execPath, args, env }
}
