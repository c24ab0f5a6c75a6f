import { posix } from 'node:path'
import { parseSync, Visitor } from 'oxc-parser'

/** Source texts by their path in the repository, with forward slashes. */
export type Sources = Readonly<Record<string, string>>

export interface Import {
  /** As written: `node:fs`, `uplot`, `../model/frame.ts`. */
  readonly specifier: string
  /** For a relative one, the path in the repository that it leads to. */
  readonly path: string | undefined
  readonly typesOnly: boolean
}

export interface ParsedFile {
  readonly path: string
  readonly imports: readonly Import[]
  readonly hasDefaultExport: boolean
  /** Has statements that exist at run time, other than imports and passing on what others export. */
  readonly hasCode: boolean
  readonly anyLines: readonly number[]
  readonly comments: readonly string[]
}

/** Parses one file as far as the rules need it. */
export function parseFile(path: string, text: string): ParsedFile {
  const { program, module, comments, errors } = parseSync(path, text)
  const error = errors[0]
  if (error !== undefined) throw new Error(`${path} cannot be parsed: ${error.message}`)
  const anyLines: number[] = []
  new Visitor({
    TSAnyKeyword: (node) => {
      anyLines.push(text.slice(0, node.start).split('\n').length)
    },
  }).visit(program)
  return {
    path,
    imports: readImports(path, text, module),
    hasDefaultExport:
      program.body.some(({ type }) => type === 'ExportDefaultDeclaration') ||
      module.staticExports.some(({ entries }) => entries.some(({ exportName }) => exportName.name === 'default')),
    hasCode: program.body.some((statement) => !isTypeOrPassing(statement)),
    anyLines,
    comments: comments.map((comment) => comment.value),
  }
}

function readImports(path: string, text: string, module: ReturnType<typeof parseSync>['module']): Import[] {
  const make = (specifier: string, typesOnly: boolean): Import => ({
    specifier,
    path: specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : undefined,
    typesOnly,
  })
  const statically = module.staticImports.map(({ moduleRequest, entries }) =>
    make(moduleRequest.value, entries.length > 0 && entries.every((entry) => entry.isType)),
  )
  const passedOn = module.staticExports.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.moduleRequest ? [make(entry.moduleRequest.value, entry.isType)] : [])),
  )
  const dynamically = module.dynamicImports.flatMap(({ moduleRequest }) => {
    const quoted = /^(['"`])([^$]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))
    return quoted?.[2] === undefined ? [] : [make(quoted[2], false)]
  })
  return [...statically, ...passedOn, ...dynamically]
}

type Statement = ReturnType<typeof parseSync>['program']['body'][number]

const typesAndPassing: ReadonlySet<string> = new Set([
  'ImportDeclaration',
  'ExportAllDeclaration',
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
])

function isTypeOrPassing(statement: Statement): boolean {
  if (statement.type === 'ExportNamedDeclaration') {
    return statement.declaration === null ? statement.source !== null : isTypeOrPassing(statement.declaration)
  }
  if ('declare' in statement && statement.declare) return true
  return typesAndPassing.has(statement.type)
}
