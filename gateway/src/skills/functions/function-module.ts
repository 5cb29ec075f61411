import type { FunctionSkillConfig as FunctionEntry } from '../../config/config.ts'

export type {
  FunctionSkillConfig as FunctionEntry,
  FunctionSkillsConfig as FunctionSkillsOptions,
} from '../../config/config.ts'

export interface FunctionArgument {
  readonly name: string
  /** As written in the source; `Any` or `any` where it says nothing. */
  readonly type: string
  readonly required: boolean
  readonly default?: unknown
}

/** A function, class or method as its source describes it. */
export interface FunctionItem {
  /** `fn`, `Class` or `Class.method`. */
  readonly name: string
  readonly kind: 'function' | 'class' | 'method'
  readonly docstring: string | null
  readonly async: boolean
  readonly args: readonly FunctionArgument[]
  readonly returns: string
  /** Of a class: the methods a call of the class itself would run. */
  readonly callable?: readonly string[]
}

/** What the source of one file says. */
export interface ModuleDescription {
  readonly items: readonly FunctionItem[]
  /** Namespaces it imports by a relative path. */
  readonly imports: readonly string[]
}

/** One source file of an entry. */
export interface ModuleFile {
  readonly entry: FunctionEntry
  readonly namespace: string
  readonly file: string
  /** Changes when the file does. */
  readonly stamp: string
}
