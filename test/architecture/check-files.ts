import { parseFile, type Sources } from './parsed-file.ts'
import { emptyNames, fileLinesMax, type TextRule, textRules, type UntestedFile, untestedFiles } from './rules.ts'

const kebabCase = /^[a-z0-9]+(-[a-z0-9]+)*$/
const silencers = /@ts-ignore|@ts-nocheck|eslint-disable|oxlint-disable/

/** Names of files and folders: kebab-case, and saying something. */
export function checkNames(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const names = path.replace(/(\.test|\.d)?\.[a-z]+$/, '').split('/')
    const odd = names.find((name) => !kebabCase.test(name))
    if (odd !== undefined) return [`${path}: ${odd} is not kebab-case`]
    const empty = names.flatMap((name) => name.split('-')).find((word) => emptyNames.includes(word))
    return empty === undefined ? [] : [`${path}: "${empty}" says nothing about what is inside`]
  })
}

/** Default exports, `any`, and comments that silence a checker. */
export function checkCode(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, text]) => {
    const file = parseFile(path, text)
    return [
      ...(file.hasDefaultExport ? [`${path} has a default export`] : []),
      ...file.anyLines.map((line) => `${path}:${line} says any`),
      ...file.comments.flatMap((comment) => {
        const silencer = silencers.exec(comment)
        return silencer === null ? [] : [`${path} silences a checker by ${silencer[0]}`]
      }),
    ]
  })
}

export function checkLengths(sources: Sources): string[] {
  return Object.entries(sources).flatMap(([path, text]) => {
    const lines = text.split('\n').filter((line) => line.trim() !== '').length
    return lines > fileLinesMax ? [`${path} has ${lines} lines that are not blank, more than ${fileLinesMax}`] : []
  })
}

/** Each file of src with code has its test in the mirrored place, or a row in the table of those that have none. */
export function checkMirroredTests(
  sources: Sources,
  testPaths: readonly string[],
  untested: readonly UntestedFile[] = untestedFiles,
): string[] {
  const missing = Object.entries(sources).flatMap(([path, text]) => {
    if (testPaths.includes(testOf(path)) || untested.some(({ file }) => covers(file, path))) return []
    return parseFile(path, text).hasCode ? [`${path} has no ${testOf(path)}`] : []
  })
  const stale = untested.flatMap(({ file, coveredBy }) => {
    if (!Object.keys(sources).some((path) => covers(file, path))) {
      return [`the table of untested files names ${file}, which is gone`]
    }
    if (testPaths.includes(testOf(file))) return [`the table of untested files names ${file}, which has its test`]
    const gone = coveredBy !== undefined && !testPaths.includes(coveredBy)
    return gone ? [`${file} is said to be covered by ${coveredBy}, which is gone`] : []
  })
  return [...missing, ...stale]
}

function covers(named: string, path: string): boolean {
  return named.endsWith('/') ? path.startsWith(named) : path === named
}

function testOf(path: string): string {
  return path.replace(/^src\//, 'test/').replace(/\.ts$/, '.test.ts')
}

/** Any file of the repository, line by line. */
export function checkTexts(texts: Sources, rules: readonly TextRule[] = textRules): string[] {
  return Object.entries(texts).flatMap(([path, text]) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        rules
          .filter(({ pattern, except }) => pattern.test(line) && !except.test(line))
          .map(({ meaning }) => `${path}:${index + 1} ${meaning}`),
      ),
  )
}
