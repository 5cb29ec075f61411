import { dirname, isAbsolute, join, normalize } from 'node:path'
import type { Report } from '../report.ts'
import { isRecord, toText, type UnknownRecord } from '../values/coerce.ts'
import { readYaml } from './read-yaml.ts'
import type { SourceMap } from './source-map.ts'

/** Returns the text of a file, or null when it does not exist or cannot be read. */
export type ReadFile = (path: string) => string | null

interface IncludeContext {
  readonly readFile: ReadFile
  readonly report: Report
  readonly sourceMap: SourceMap
}

export interface IncludedTree {
  readonly root: UnknownRecord
  /** Every file that was read, the main file first. */
  readonly files: readonly string[]
}

/** Reads a file and what it includes: lists are concatenated, maps merged, and the including file wins. */
export function readWithIncludes(path: string, text: string, context: IncludeContext): IncludedTree {
  const files: string[] = []
  const root = readTree(path, text, [], files, context)
  return { root, files }
}

function readTree(
  path: string,
  text: string,
  parents: readonly string[],
  files: string[],
  context: IncludeContext,
): UnknownRecord {
  if (!files.includes(path)) files.push(path)
  const value = readYaml({ text, file: path, report: context.report, sourceMap: context.sourceMap })
  if (!isRecord(value)) {
    if (value !== null)
      context.report.at({ file: path, line: 1 }, 'fatal', path, 'the file should contain a map')
    return {}
  }
  let root = value
  for (const [index, name] of includeNames(value['include']).entries()) {
    const target = isAbsolute(name) ? normalize(name) : join(dirname(path), name)
    const position = context.sourceMap.locate(value, ['include', index]) ?? { file: path, line: 1 }
    const refusal = refuse(target, [...parents, path])
    const included = refusal === null ? context.readFile(target) : null
    if (included === null) {
      const message = refusal ?? `the included file ${target} cannot be read`
      context.report.at(
        position,
        'fatal',
        `include[${index}]`,
        message,
        'paths are relative to the including file',
      )
      continue
    }
    root = mergeMaps(root, readTree(target, included, [...parents, path], files, context), context.sourceMap)
  }
  return root
}

function refuse(target: string, chain: readonly string[]): string | null {
  return chain.includes(target) ? `the files include each other: ${[...chain, target].join(' → ')}` : null
}

function includeNames(value: unknown): string[] {
  const names = Array.isArray(value) ? value : [value]
  return names.flatMap((name) => toText(name) ?? [])
}

function mergeMaps(main: UnknownRecord, included: UnknownRecord, sourceMap: SourceMap): UnknownRecord {
  const merged: UnknownRecord = {}
  for (const key of new Set([...Object.keys(main), ...Object.keys(included)])) {
    const ours = main[key]
    const theirs = included[key]
    merged[key] = mergeValues(ours, theirs, sourceMap)
    sourceMap.carry(included, key, merged, key)
    sourceMap.carry(main, key, merged, key)
  }
  return merged
}

function mergeValues(main: unknown, included: unknown, sourceMap: SourceMap): unknown {
  if (main === undefined || main === null) return included ?? main
  if (isRecord(main) && isRecord(included)) return mergeMaps(main, included, sourceMap)
  if (!Array.isArray(main) || !Array.isArray(included)) return main
  const list = [...main, ...included]
  for (const index of list.keys()) {
    if (index < main.length) sourceMap.carry(main, index, list, index)
    else sourceMap.carry(included, index - main.length, list, index)
  }
  return list
}
