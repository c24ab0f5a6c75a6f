#!/usr/bin/env node
// node scripts/run.mjs FILE.ts ARGS…: installs what is missing, finds a Node that is new enough, runs the file on it.
// Plain JavaScript without dependencies, because it starts on whatever Node the machine has.
import { resolve } from 'node:path'
import { launch } from './launcher/launch.mjs'

const [file, ...args] = process.argv.slice(2)
await launch(file === undefined ? undefined : resolve(file), args)
