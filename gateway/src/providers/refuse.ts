import { unsupportedParameter } from './unsupported-parameter.ts'
import type { WireTarget } from './wire.ts'

/** What a refusal needs of the request being encoded. */
export interface Losses {
  readonly target: WireTarget
  /** Members that could not be carried over, for the decision log. */
  readonly dropped: string[]
}

/** Refuses a member the wire cannot honour, or notes its loss under `drop_params`. */
export function refuse(name: string, { target, dropped }: Losses): void {
  if (!target.dropParams) throw unsupportedParameter(name, target)
  dropped.push(name)
}
