import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { readPageFiles } from '../../../src/dashboard/server/page-files.ts'
import { temporaryFolder } from '../../pipelines/temporary-folder.ts'

describe('the files of the page', () => {
  it('are those of the folder that a browser takes, by their paths and with their types', async (t) => {
    const folder = temporaryFolder(t)
    for (const name of ['index.html', 'page.js', 'page.css', 'mark.svg', 'notes.txt', '.env', 'page.js.map']) {
      writeFileSync(join(folder, name), `this is ${name}`)
    }
    mkdirSync(join(folder, 'styles'))
    const files = await readPageFiles(folder)
    assert.deepEqual(Object.fromEntries([...files].map(([path, { type }]) => [path, type])), {
      '/': 'text/html; charset=utf-8',
      '/index.html': 'text/html; charset=utf-8',
      '/page.js': 'text/javascript; charset=utf-8',
      '/page.css': 'text/css; charset=utf-8',
      '/mark.svg': 'image/svg+xml',
    })
    assert.equal(files.get('/')?.body.toString(), 'this is index.html')
  })

  it('are read once: what is put into the folder later is never served', async (t) => {
    const folder = temporaryFolder(t)
    const files = await readPageFiles(folder)
    writeFileSync(join(folder, 'late.js'), '')
    assert.equal(files.size, 0)
  })

  it('are missed when there is no folder', async (t) => {
    await assert.rejects(readPageFiles(join(temporaryFolder(t), 'nowhere')), { code: 'ENOENT' })
  })
})
