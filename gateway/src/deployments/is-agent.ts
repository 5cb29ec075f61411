import { agentsOrigin } from '../providers/a2a/a2a.ts'

/** Whether a deployment is an agent that the gateway asks like a model. */
export function isAgent({ origin }: { readonly origin: string }): boolean {
  return origin === agentsOrigin
}
