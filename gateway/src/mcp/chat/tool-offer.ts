import { createHash } from 'node:crypto'
import { readRecord } from '../../conversation/json-value.ts'
import type { ViewItem } from '../view/catalogue-view.ts'
import { matchesPattern } from '../view/grants.ts'
import type { NamedTool } from './named-tools.ts'

/** A tool of a server as a model is offered it. */
export interface OfferedTool {
  /** Of the function. */
  readonly name: string
  readonly tool: ViewItem
  readonly named: NamedTool
  /** What it does cannot be undone, says its server or the operator. */
  readonly isDestructive: boolean
}

/** The tools a request brings, by the names of their functions. No two have one name. */
export class ToolOffer {
  readonly #byFunction = new Map<string, OfferedTool>()
  readonly #labels = new Set<string | null>()
  readonly #confirmed: readonly string[]

  /** `confirmed` are patterns of tools that are only called when somebody has agreed to it. */
  constructor(confirmed: readonly string[]) {
    this.#confirmed = confirmed
  }

  /** What the request calls its servers, those without a tool included. */
  get labels(): ReadonlySet<string | null> {
    return this.#labels
  }

  /** An entry of the request, whose tools follow. */
  open({ label }: NamedTool): void {
    this.#labels.add(label)
  }

  add(tool: ViewItem, named: NamedTool): void {
    const plain = functionName(tool.emitted)
    const isTaken = this.#byFunction.has(plain)
    const name = isTaken
      ? functionName(`${named.label ?? tool.server.settings.serverId}-${tool.emitted}`)
      : plain
    const isDestructive = this.#isDestructive(tool)
    if (!this.#byFunction.has(name)) this.#byFunction.set(name, { name, tool, named, isDestructive })
  }

  find(functionName: string): OfferedTool | null {
    return this.#byFunction.get(functionName) ?? null
  }

  /** By the names under which an earlier answer told of a call. */
  findNamed(label: string | null, name: string): OfferedTool | null {
    for (const offered of this.#byFunction.values())
      if (offered.tool.emitted === name && offered.named.label === label) return offered
    return null
  }

  get tools(): readonly OfferedTool[] {
    return [...this.#byFunction.values()]
  }

  #isDestructive({ name, emitted, definition }: ViewItem): boolean {
    const annotations = readRecord(definition.description['annotations'])
    const isConfirmed = (pattern: string): boolean =>
      matchesPattern(pattern, name) || matchesPattern(pattern, emitted)
    return annotations?.['destructiveHint'] === true || this.#confirmed.some(isConfirmed)
  }
}

/** The caller wants to be asked before this tool is called, or has to be. */
export function needsApproval({ tool, named, isDestructive }: OfferedTool): boolean {
  const names = [tool.name, tool.emitted]
  if (isDestructive && !names.some((name) => named.agreesTo(name))) return true
  return names.every((name) => named.needsApproval(name))
}

/** A name models accept for a function: other characters replaced, and cut with a digest where it is too long. */
export function functionName(name: string): string {
  const plain = name.replaceAll(/[^A-Za-z0-9_-]/g, '_')
  if (plain.length <= 64) return plain
  return `${plain.slice(0, 55)}_${createHash('sha256').update(name).digest('hex').slice(0, 8)}`
}
