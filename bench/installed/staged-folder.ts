import { randomUUID } from 'node:crypto'
import { access, mkdir, rename, rm } from 'node:fs/promises'

/**
 * Makes a folder of the cache once: filled beside its place and then renamed, so that a crash or two runs at once leave
 * nothing half done.
 */
export async function stageFolder(folder: string, fill: (staging: string) => Promise<void>): Promise<string> {
  if (await isThere(folder)) return folder
  const staging = `${folder}.making-${randomUUID()}`
  try {
    await mkdir(staging, { recursive: true })
    await fill(staging)
    await rename(staging, folder).catch(async (error: unknown) => {
      if (!(await isThere(folder))) throw error // otherwise another run was quicker
    })
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
  return folder
}

export async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
