import { isBuiltin } from 'node:module'
import { parseFile, type Import, type ParsedFile, type Sources } from './parsed-file.ts'
import { type FolderRule, folderRules, packageRules } from './rules.ts'

/** What the files of src import against the table of folders, one sentence each. */
export function checkImports(sources: Sources): string[] {
  return parseSources(sources).flatMap((file) => {
    const rule = findRule(file.path)
    if (rule === undefined) return [`${file.path} lies in no folder of the table`]
    return file.imports.flatMap((imported) => {
      const why = whyForbidden(file, rule, imported)
      return why === undefined ? [] : [`${file.path} imports ${imported.specifier}: ${why}`]
    })
  })
}

/** Rings of imports, types included, each told once from its first file. */
export function checkCycles(sources: Sources): string[] {
  const importsByPath = new Map(
    parseSources(sources).map((file) => [file.path, file.imports.flatMap(({ path }) => path ?? [])]),
  )
  const cycles = new Set<string>()
  const finished = new Set<string>()
  const walk = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path)
    if (start >= 0) cycles.add(describeCycle(trail.slice(start)))
    if (start >= 0 || finished.has(path)) return
    for (const next of importsByPath.get(path) ?? []) walk(next, [...trail, path])
    finished.add(path)
  }
  for (const path of importsByPath.keys()) walk(path, [])
  return [...cycles]
}

function parseSources(sources: Sources): ParsedFile[] {
  return Object.entries(sources).map(([path, text]) => parseFile(path, text))
}

function whyForbidden(file: ParsedFile, rule: FolderRule, imported: Import): string | undefined {
  if (isBuiltin(imported.specifier)) {
    return rule.node ? undefined : `${rule.folder} runs anywhere, so it uses nothing of Node`
  }
  if (imported.path === undefined) return whyPackageForbidden(file.path, imported.specifier)
  if (!imported.path.startsWith('src/')) return 'it lies outside of src'
  const target = findRule(imported.path)
  if (target?.folder === rule.folder) return undefined
  if (rule.mayImport.some((allowed) => allows(allowed, imported.path))) return undefined
  if (rule.mayImportTypesOf?.some((allowed) => allows(allowed, imported.path)) === true) {
    return imported.typesOnly ? undefined : `${rule.folder} may import only types of ${target?.folder}`
  }
  return `${rule.folder} may import ${rule.mayImport.join(', ') || 'nothing'}`
}

function whyPackageForbidden(path: string, specifier: string): string | undefined {
  const rule = packageRules.find(({ packages }) =>
    packages.some((name) => specifier === name || specifier.startsWith(`${name}/`)),
  )
  return rule === undefined || path.startsWith(`src/${rule.folder}/`) ? undefined : `only ${rule.folder} may`
}

/** A folder that has a row allows the files of that row alone: `broker` is not `broker/kafka`. */
function allows(allowed: string, path: string | undefined): boolean {
  if (path === undefined) return false
  return allowed === '*' || path === `src/${allowed}` || findRule(path)?.folder === allowed
}

function findRule(path: string): FolderRule | undefined {
  return folderRules
    .filter(({ folder }) => path.startsWith(`src/${folder}/`))
    .toSorted((left, right) => right.folder.length - left.folder.length)[0]
}

function describeCycle(ring: readonly string[]): string {
  const first = ring.indexOf(ring.toSorted()[0] ?? '')
  const turned = [...ring.slice(first), ...ring.slice(0, first)]
  return [...turned, turned[0]].join(' → ')
}
