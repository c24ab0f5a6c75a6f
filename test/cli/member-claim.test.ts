import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { claimMember } from '../../src/cli/member-claim.ts'
import { temporaryFolder } from '../pipelines/temporary-folder.ts'

describe('the place of a process in a group', () => {
  it('has an id that comes back with the place, and differs from those of places that are held', (t) => {
    const folder = temporaryFolder(t)
    const first = claimMember(folder, 'aroon')
    const second = claimMember(folder, 'aroon')
    assert.notEqual(first.id, second.id)
    first.release()
    const again = claimMember(folder, 'aroon')
    assert.equal(again.id, first.id)
    const other = claimMember(folder, 'bollinger')
    assert.notEqual(other.id, first.id)
    for (const claim of [again, second, other]) claim.release()
  })

  it('is free again when its process is killed, and not before', async (t) => {
    const folder = temporaryFolder(t)
    const source = fileURLToPath(new URL('../../src/cli/member-claim.ts', import.meta.url))
    const script = `const { claimMember } = await import(${JSON.stringify(source)})
      console.log(claimMember(${JSON.stringify(folder)}, 'aroon').id); setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [printed] = await once(child.stdout, 'data')
    const id = String(printed).trim()
    const meanwhile = claimMember(folder, 'aroon')
    assert.notEqual(meanwhile.id, id)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const after = claimMember(folder, 'aroon')
    assert.equal(after.id, id)
    meanwhile.release()
    after.release()
  })

  it('in a folder that cannot be made is a mistake of the configuration', (t) => {
    const folder = temporaryFolder(t)
    writeFileSync(join(folder, 'file'), '')
    assert.throws(() => claimMember(join(folder, 'file'), 'aroon'), { code: 'config' })
  })
})
