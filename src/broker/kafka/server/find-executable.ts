import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

/** The environment variables that this folder reads, always handed in. */
export type Environment = Readonly<Record<string, string | undefined>>

/** The first executable file of that name in PATH. */
export async function findExecutable(name: string, env: Environment): Promise<string | undefined> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue
    const path = join(folder, name)
    if (await isExecutable(path)) return path
  }
  return undefined
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
