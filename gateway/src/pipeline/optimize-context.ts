import { shortenContext } from '../context-optimizer/shorten-context.ts'
import { findOnlyMember } from '../json/edit-members.ts'
import type { ModelRequest } from './model-request.ts'
import type { Progress } from './progress.ts'
import { setMembers } from './set-members.ts'

/** Of English prose and of JSON about so many, so that no more is claimed than was saved. */
const charactersPerToken = 4

/**
 * Takes out of a conversation what its model can do without, where that is configured and neither the request nor its key says
 * otherwise. The same request where nothing is saved. What a client wrote is kept of it as it was.
 */
export function optimizeContext(request: ModelRequest, progress: Progress): ModelRequest {
  const { mode, ...limits } = request.runtime.config.contextOptimizer
  if (mode === 'off' || request.operation !== 'chat' || isDeclined(request)) return request
  const { bytes, body, members } = request
  const rawOf = (name: string): string | null => {
    const span = findOnlyMember(members, name)
    return span === null ? null : bytes.toString('utf8', span.valueStart, span.valueEnd)
  }
  const shortened = shortenContext(body, rawOf, { mode, ...limits })
  const tokens = Math.floor((shortened?.savedCharacters ?? 0) / charactersPerToken)
  if (shortened === null || tokens === 0) return request
  progress.contextTokensSaved = tokens
  return { ...request, ...setMembers(request, shortened.members) }
}

function isDeclined({ body, caller }: ModelRequest): boolean {
  return [body['metadata'], body['litellm_metadata'], caller.metadata].some((metadata) => {
    const wish = (metadata as Readonly<Record<string, unknown>> | null | undefined)?.[
      'routeiq_context_optimize'
    ]
    return wish === false || wish === 'false' || wish === 'off'
  })
}
