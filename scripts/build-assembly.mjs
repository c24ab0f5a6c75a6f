/**
 * Builds the WebAssembly of src/codecs/json from its assembly folder, and installs the compiler in tools/assemblyscript when
 * it is first needed. The same sources give the same bytes.
 *
 *   node scripts/build-assembly.mjs            writes it
 *   node scripts/build-assembly.mjs --check    ends with 1 if it is not what the sources give, with 3 if there is no compiler
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
const folder = join('src', 'codecs', 'json')

const options = '-O3 --noAssert --runtime stub --importMemory --noExportMemory --memoryBase 1024'
/** What the writer is made of, every machine with WebAssembly has. */
const modules = [
  { source: 'scan.ts', target: 'scanner.wasm', options: '--enable simd --enable bulk-memory --initialMemory 16' },
  { source: 'write-records.ts', target: 'record-writer.wasm', options: '--initialMemory 1' },
]

const isCheck = process.argv.includes('--check')
if (await hasCompiler()) for (const module of modules) bring(module)
else process.exitCode = 3

function bring({ source, target, options: own }) {
  const file = join(root, folder, target)
  const built = build(join(folder, 'assembly', source), `${options} ${own}`)
  if (!isCheck) writeFileSync(file, built)
  else if (!existsSync(file) || !built.equals(readFileSync(file))) {
    console.error(`${target} is not what its sources give: run node scripts/build-assembly.mjs`)
    process.exitCode = 1
    return
  }
  console.log(`${target}: ${built.length} bytes`)
}

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

function build(source, settings) {
  const place = mkdtempSync(join(tmpdir(), 'windsock-assembly-'))
  try {
    const file = join(place, 'built.wasm')
    const args = [compiler, source, ...settings.split(' '), '--outFile', file]
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    if (status !== 0) throw new Error(`the compiler ended with ${status}\n${stderr}`)
    return readFileSync(file)
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}
