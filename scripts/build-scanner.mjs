/**
 * Builds src/codecs/json/scanner.wasm from src/codecs/json/assembly, and installs the compiler in tools/assemblyscript when
 * it is first needed. The same sources give the same bytes.
 *
 *   node scripts/build-scanner.mjs            writes it
 *   node scripts/build-scanner.mjs --check    ends with 1 if it is not what the sources give, with 3 if there is no compiler
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installOnce } from './launcher/install.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const tools = join(root, 'tools', 'assemblyscript')
const compiler = join(tools, 'node_modules', 'assemblyscript', 'bin', 'asc.js')
const target = join(root, 'src', 'codecs', 'json', 'scanner.wasm')

const options =
  '-O3 --noAssert --runtime stub --enable simd --enable bulk-memory ' +
  '--importMemory --noExportMemory --initialMemory 16 --memoryBase 1024'

const isCheck = process.argv.includes('--check')
if (await hasCompiler()) {
  const built = build()
  if (!isCheck) writeFileSync(target, built)
  else if (!existsSync(target) || !built.equals(readFileSync(target))) {
    console.error('scanner.wasm is not what its sources give: run node scripts/build-scanner.mjs')
    process.exitCode = 1
  }
  if (process.exitCode === undefined) console.log(`scanner.wasm: ${built.length} bytes`)
} else process.exitCode = 3

async function hasCompiler() {
  try {
    await installOnce(tools, {
      title: 'installing AssemblyScript',
      node: process.execPath,
      includes: [],
      check() {
        if (!existsSync(compiler)) throw new Error('npm did not bring assemblyscript')
      },
    })
    return true
  } catch (error) {
    console.error(`the compiler cannot be installed: ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

function build() {
  const folder = mkdtempSync(join(tmpdir(), 'windsock-scanner-'))
  try {
    const file = join(folder, 'scanner.wasm')
    const args = [compiler, 'src/codecs/json/assembly/scan.ts', ...options.split(' '), '--outFile', file]
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the compiler ended with ${status}\n${stderr}`)
    return readFileSync(file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
