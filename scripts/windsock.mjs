#!/usr/bin/env node
// The `windsock` command of a checkout: the launcher with the command line as its file.
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launch } from './launcher/launch.mjs'

await launch(join(fileURLToPath(new URL('..', import.meta.url)), 'src', 'cli', 'main.ts'), process.argv.slice(2))
