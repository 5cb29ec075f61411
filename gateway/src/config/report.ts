import type { Diagnostic } from './diagnostics.ts'
import type { SourcePosition } from './source/source-map.ts'

export type Path = readonly (string | number)[]

/** Finds the file and line that a path of the configuration came from. */
export type Locate = (path: Path) => SourcePosition | undefined

/** `['model_list', 3, 'litellm_params']` → `model_list[3].litellm_params`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`
    return text === '' ? part : `${text}.${part}`
  }, '')
}

/**
 * Collects the findings of one load. A *fatal* finding means that no configuration may be used; an *error* is a
 * mistake the load can leave out (one broken model), a *warning* is something that was repaired or ignored.
 */
export class Report {
  readonly diagnostics: Diagnostic[] = []
  #fatal = false
  #locate: Locate = () => undefined

  get isFatal(): boolean {
    return this.#fatal
  }

  locateWith(locate: Locate): void {
    this.#locate = locate
  }

  fatal(path: Path | string, message: string, hint?: string): void {
    this.#fatal = true
    this.#add('error', path, message, hint)
  }

  error(path: Path | string, message: string, hint?: string): void {
    this.#add('error', path, message, hint)
  }

  warn(path: Path | string, message: string, hint?: string): void {
    this.#add('warning', path, message, hint)
  }

  /** For findings made while a file is read, when its position is already known. */
  at(
    position: SourcePosition,
    severity: 'fatal' | 'warning',
    path: string,
    message: string,
    hint?: string,
  ): void {
    if (severity === 'fatal') this.#fatal = true
    this.diagnostics.push({
      severity: severity === 'fatal' ? 'error' : 'warning',
      path,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...position,
    })
  }

  #add(severity: Diagnostic['severity'], path: Path | string, message: string, hint?: string): void {
    const position = typeof path === 'string' ? undefined : this.#locate(path)
    this.diagnostics.push({
      severity,
      path: typeof path === 'string' ? path : formatPath(path),
      message,
      ...(hint === undefined ? {} : { hint }),
      ...position,
    })
  }
}
