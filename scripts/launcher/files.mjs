import { readFileSync } from 'node:fs'

/** @param {string} path */
export function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/**
 * The text of a file, or undefined when there is none.
 *
 * @param {string} path
 */
export function findText(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
