import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** How a started program ended and what it printed. */
export interface Finished {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
}

/**
 * The launcher in a folder of its own, with a project around it that depends on nothing, so that it is installed without
 * a network and in no time.
 */
export class FakeProject {
  readonly folder: string

  constructor(t: TestContext, engines = '>=20.0.0') {
    this.folder = mkdtempSync(join(tmpdir(), 'windsock-launcher-'))
    t.after(() => rmSync(this.folder, { recursive: true, force: true }))
    cpSync(join(root, 'scripts', 'run.mjs'), this.path('scripts/run.mjs'))
    cpSync(join(root, 'scripts', 'launcher'), this.path('scripts/launcher'), { recursive: true })
    this.writeJson('package.json', { name: 'fake', version: '1.0.0', type: 'module', engines: { node: engines } })
    this.writeJson('package-lock.json', {
      name: 'fake',
      version: '1.0.0',
      lockfileVersion: 3,
      packages: { '': { name: 'fake', version: '1.0.0', engines: { node: engines } } },
    })
  }

  path(path: string): string {
    return join(this.folder, path)
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(this.path(path)), { recursive: true })
    writeFileSync(this.path(path), text)
  }

  writeJson(path: string, value: unknown): void {
    this.write(path, JSON.stringify(value))
  }

  /** Says that packages are installed, for tests that are about something else. */
  async install(): Promise<void> {
    this.write('nothing.ts', '')
    await this.start(['nothing.ts']).finished
  }

  /**
   * A tools/node for this platform whose Node is the running one, telling another version and leaving `VIA_TOOLS_NODE`.
   * With `arrives: false` npm leaves it out without a word, as it does with an optional package that it cannot fetch.
   */
  addToolsNode({ version, arrives = true }: { version: string; arrives?: boolean }): void {
    const name = `node-${process.platform}-${process.arch}`
    const dependencies = { optionalDependencies: { [name]: 'file:fake' } }
    const about = { name, version: '1.0.0', ...(arrives ? {} : { os: ['nowhere'] }) }
    this.writeJson('tools/node/package.json', { name: 'fake-node', private: true, ...dependencies })
    this.writeJson('tools/node/package-lock.json', {
      name: 'fake-node',
      lockfileVersion: 3,
      packages: {
        '': { name: 'fake-node', ...dependencies },
        fake: { ...about, optional: true },
        [`node_modules/${name}`]: { resolved: 'fake', link: true, optional: true },
      },
    })
    this.writeJson('tools/node/fake/package.json', about)
    const program = `#!/bin/sh\nif [ "$1" = --version ]; then echo ${version}; else VIA_TOOLS_NODE=1 exec '${process.execPath}' "$@"; fi\n`
    this.write('tools/node/fake/bin/node', program)
    chmodSync(this.path('tools/node/fake/bin/node'), 0o755)
  }

  /** Starts `node scripts/run.mjs ...args`. */
  start(args: readonly string[], options: { node?: string; cwd?: string; env?: NodeJS.ProcessEnv } = {}): Started {
    return startProgram(options.node ?? process.execPath, [this.path('scripts/run.mjs'), ...args], {
      cwd: options.cwd ?? this.folder,
      env: { ...process.env, ...options.env },
    })
  }

  /** Waits until a file of the project, written by a program under test, holds `text`. */
  async waitFor(path: string, text: string): Promise<void> {
    for (const endMs = Date.now() + 15_000; Date.now() < endMs; await delay(20)) {
      if (this.read(path).includes(text)) return
    }
    throw new Error(`${path} never said "${text}", but: ${this.read(path)}`)
  }

  read(path: string): string {
    return existsSync(this.path(path)) ? readFileSync(this.path(path), 'utf8') : ''
  }
}

export function startProgram(
  program: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; stdin?: 'pipe' },
): Started {
  const child = spawn(program, args, { ...options, stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { child, finished }
}
