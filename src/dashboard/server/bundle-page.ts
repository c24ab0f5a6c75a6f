import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const browserDir = fileURLToPath(new URL('../browser/', import.meta.url))
const copiedFiles = ['index.html', 'mark.svg']

/** Writes what a browser loads (page.js, page.css, index.html, mark.svg) into a folder, which is made when missing. */
export async function bundlePage(outDir: string): Promise<void> {
  await mkdir(outDir, { recursive: true })
  const entries = [
    { in: join(browserDir, 'main.ts'), out: 'page' },
    { in: join(browserDir, 'styles/page.css'), out: 'page' },
  ]
  await build({
    entryPoints: entries,
    outdir: outDir,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    sourcemap: false,
    legalComments: 'none',
    logLevel: 'silent',
  })
  for (const file of copiedFiles) await copyFile(join(browserDir, file), join(outDir, file))
}
