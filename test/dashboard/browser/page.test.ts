import { deepEqual, equal } from 'node:assert/strict'
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { bundlePage } from '../../../src/dashboard/server/bundle-page.ts'

const scriptBytesMax = 60_000

test('the bundled page is four small files without an inline script or style', async (t) => {
  const outDir = await mkdtemp(join(tmpdir(), 'windsock-page-'))
  t.after(() => rm(outDir, { recursive: true, force: true }))
  await bundlePage(outDir)
  deepEqual((await readdir(outDir)).toSorted(), ['index.html', 'mark.svg', 'page.css', 'page.js'])
  const html = await readFile(join(outDir, 'index.html'), 'utf8')
  equal(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/.test(html), false)
  const script = await readFile(join(outDir, 'page.js'))
  equal(gzipSync(script).length < scriptBytesMax, true)
  equal(/\beval\(|new Function\(|\.innerHTML\b/.test(script.toString()), false)
})
