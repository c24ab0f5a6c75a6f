import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { bundlePage } from '../../../src/dashboard/server/bundle-page.ts'
import { readPageFiles } from '../../../src/dashboard/server/page-files.ts'
import { temporaryFolder } from '../../pipelines/temporary-folder.ts'

it('the page is bundled into a folder, made when missing, from which all of it is served', async (t) => {
  const folder = join(temporaryFolder(t), 'made', 'page')
  await bundlePage(folder)
  await bundlePage(folder) // again, over what is there
  assert.deepEqual(readdirSync(folder).toSorted(), ['index.html', 'mark.svg', 'page.css', 'page.js'])
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size > 0, name)
  const files = await readPageFiles(folder)
  const html = readFileSync(join(folder, 'index.html'), 'utf8')
  const named = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, path = '']) => `/${path.replace(/^\.?\//, '')}`)
  assert.deepEqual(named.toSorted(), ['/mark.svg', '/page.css', '/page.js'])
  assert.ok(named.every((path) => files.has(path)))
  // The policy of the server lets no script or style run that stands in the page itself.
  assert.doesNotMatch(html, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/i)
})
