import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type LineCounter,
  type Pair,
  type YAMLMap,
} from 'yaml'
import { formatPath, type Path, type Report } from '../report.ts'
import type { SourceMap } from './source-map.ts'

interface ConversionContext {
  readonly file: string
  readonly lines: LineCounter
  readonly report: Report
  readonly sourceMap: SourceMap
}

const maximumAliasedNodes = 100_000

/** Turns a YAML document into plain values and records the line of every member; the last duplicate key wins. */
export function convertDocument(document: Document, context: ConversionContext): unknown {
  return new Converter(document, context).convert(document.contents, [])
}

class Converter {
  readonly #document: Document
  readonly #context: ConversionContext
  readonly #openAliases = new Set<unknown>()
  #aliasedNodes = 0

  constructor(document: Document, context: ConversionContext) {
    this.#document = document
    this.#context = context
  }

  convert(node: unknown, path: Path): unknown {
    if (this.#openAliases.size > 0 && ++this.#aliasedNodes > maximumAliasedNodes) {
      throw new Error('the aliases expand to too many values')
    }
    if (isAlias(node)) return this.#convertAlias(node.resolve(this.#document), node.source, path)
    if (isMap(node)) return this.#convertMap(node, path)
    if (isSeq(node)) return this.#convertList(node.items, path)
    if (isScalar(node)) return scalarValue(node.value, node.source)
    return null
  }

  #convertAlias(target: unknown, name: string, path: Path): unknown {
    if (target === undefined) throw new Error(`the alias *${name} has no anchor`)
    if (this.#openAliases.has(target)) throw new Error(`the alias *${name} contains itself`)
    this.#openAliases.add(target)
    const value = this.convert(target, path)
    this.#openAliases.delete(target)
    return value
  }

  #convertList(items: readonly unknown[], path: Path): unknown[] {
    const list: unknown[] = []
    for (const [index, item] of items.entries()) {
      list.push(this.convert(item, [...path, index]))
      this.#record(list, index, item)
    }
    return list
  }

  #convertMap(map: YAMLMap, path: Path): Record<string, unknown> {
    const record: Record<string, unknown> = {}
    const written = new Set<string>()
    for (const pair of map.items) {
      const key = keyText(pair)
      if (key === '<<') {
        this.#merge(record, written, pair, path)
        continue
      }
      this.#checkKey(key, written, pair, path)
      if (key === '__proto__') continue
      written.add(key)
      record[key] = this.convert(pair.value, [...path, key])
      this.#record(record, key, pair.key)
    }
    return record
  }

  #checkKey(key: string, written: ReadonlySet<string>, pair: Pair, path: Path): void {
    const where = formatPath([...path, key])
    const position = { file: this.#context.file, line: this.#lineOf(pair.key) }
    if (written.has(key)) {
      this.#context.report.at(position, 'warning', where, 'this key is written twice; the last one is used')
    }
    if (key === '__proto__') this.#context.report.at(position, 'warning', where, 'this key is ignored')
  }

  /** `<<: *base` adds members that the map does not write itself. */
  #merge(record: Record<string, unknown>, written: ReadonlySet<string>, pair: Pair, path: Path): void {
    const value = this.convert(pair.value, path)
    const sources = Array.isArray(value) ? value : [value]
    for (const source of sources) {
      if (typeof source !== 'object' || source === null) continue
      for (const [key, member] of Object.entries(source)) {
        if (written.has(key) || Object.hasOwn(record, key)) continue
        record[key] = member
        this.#context.sourceMap.carry(source, key, record, key)
      }
    }
  }

  #record(container: object, key: string | number, node: unknown): void {
    this.#context.sourceMap.record(container, key, { file: this.#context.file, line: this.#lineOf(node) })
  }

  #lineOf(node: unknown): number {
    const range = (node as { range?: readonly number[] | null } | null)?.range
    return range?.[0] === undefined ? 1 : this.#context.lines.linePos(range[0]).line
  }
}

function keyText(pair: Pair): string {
  const key = pair.key
  if (isScalar(key)) return key.value === null ? 'null' : String(key.value)
  return String(key)
}

/** Integers beyond 2^53 keep their written digits as text. */
function scalarValue(value: unknown, source: string | undefined): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value))
    return source ?? value
  return value
}
