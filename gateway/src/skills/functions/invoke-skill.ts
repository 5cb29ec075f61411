import { randomBytes } from 'node:crypto'
import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Exchange } from '../../http/exchange.ts'
import type { ControlAnswer } from '../../rest/control-endpoint.ts'
import type { FunctionSkills, Invocation } from './function-skills.ts'
import { traceInvocation } from './trace-invocation.ts'

/** What became of one invocation, for the log and the metrics. */
export interface InvocationRecord {
  readonly id: string
  readonly requestId: string
  /** Who called: the user, or the key where it belongs to none. */
  readonly actor: string
  /** As it was asked for. */
  readonly name: string
  readonly type: 'module' | 'instructions' | 'provider_tool' | 'code' | 'none'
  readonly namespace: string | null
  /** `ok`, `client_action_required`, or the code of the error. */
  readonly status: string
  readonly durationMs: number
}

export interface Instructions {
  readonly name: string
  readonly body: string
  readonly contentHash: string
  readonly versionNumber: number
}

export interface InvocationDependencies {
  readonly functions: FunctionSkills
  /** The text of a skill of the workspace, in the version it serves unless another is named; null when there is none. */
  readonly readInstructions: (
    workspaceId: string,
    name: string,
    version: string | null,
  ) => Promise<Instructions | null>
  readonly record: (record: InvocationRecord) => void
  /** Monotonic milliseconds. */
  readonly now: () => number
}

export interface InvocationRequest extends Pick<InvocationRecord, 'requestId' | 'actor'> {
  readonly workspaceId: string
  /** The name in the path; null when the body names it. */
  readonly name: string | null
  readonly body: Body
  readonly withLogs: boolean
  /** Null for requests whose trace is not kept. */
  readonly trace: Exchange['trace']
}

type Body = Readonly<Record<string, unknown>>

const given = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())])
const envelope = z.object({ parameters: given, init: given.nullish() })
const named = z.object({
  skill_name: z.string().min(1).max(512),
  parameters: given.optional(),
  init: given.nullish(),
  version: z.union([z.string(), z.int()]).nullish(),
})

/** What is known of an invocation before it is one of a kind. */
interface Asked extends Invocation {
  readonly workspaceId: string
  readonly version: string | null
}

interface Done {
  readonly type: InvocationRecord['type']
  readonly namespace?: string
  readonly status: string
  readonly members: object
}

export const newInvocationId = (): string => `inv_${randomBytes(12).toString('hex')}`

/**
 * Invokes what a name means: a function, else a skill whose text is given out, else a tool the client has to run itself.
 * Errors: those of `FunctionSkills.invoke`; `skill_not_found`, and `module_skills_disabled` where no functions are configured.
 */
export async function invokeSkill(
  deps: InvocationDependencies,
  request: InvocationRequest,
): Promise<ControlAnswer> {
  const asked = readRequest(request)
  const id = newInvocationId()
  const startedAt = deps.now()
  const record = (done: Pick<Done, 'type' | 'namespace' | 'status'>): number => {
    const durationMs = Math.round((deps.now() - startedAt) * 10) / 10
    const { type, status, namespace = null } = done
    const { requestId, actor } = request
    const invocation = { id, requestId, actor, name: asked.name, type, namespace, status, durationMs }
    deps.record(invocation)
    if (request.trace !== null) traceInvocation(request.trace, invocation, startedAt)
    return durationMs
  }
  try {
    const done = await invoke(deps, asked)
    const { type, status, members } = done
    const frame = { id, object: 'skill.invocation', skill_name: asked.name, type, status }
    return { body: { ...frame, ...members, duration_ms: record(done) } }
  } catch (error) {
    record({ type: 'none', status: error instanceof GatewayError ? error.code : 'internal_error' })
    throw error
  }
}

function readRequest({ workspaceId, name, body, withLogs }: InvocationRequest): Asked {
  if (name !== null) return { workspaceId, name, version: null, ...readArguments(body), withLogs }
  const { skill_name, parameters = {}, init = null, version = null } = parseOrRefuse(named, body)
  const spelt = version === null ? null : String(version)
  return { workspaceId, name: skill_name, version: spelt, parameters, init, withLogs }
}

/** Named arguments, or an envelope when there is a member `parameters`. */
function readArguments(body: Body): Pick<Invocation, 'parameters' | 'init'> {
  if (!Object.hasOwn(body, 'parameters')) return { parameters: body, init: null }
  const { parameters, init = null } = parseOrRefuse(envelope, body)
  return { parameters, init }
}

function parseOrRefuse<Value>(schema: z.ZodType<Value>, body: Body): Value {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  throw new GatewayError('invalid_arguments', z.prettifyError(parsed.error))
}

async function invoke({ functions, readInstructions }: InvocationDependencies, asked: Asked): Promise<Done> {
  const { name, workspaceId, version, withLogs } = asked
  const hasFunctions = functions.options.entries.length > 0
  const called = hasFunctions ? await functions.invoke(asked) : null
  if (called !== null) {
    const { fullName, namespace, result, logs } = called
    const members = { skill_name: fullName, namespace, result, ...(withLogs ? { logs } : {}) }
    return { type: 'module', namespace, status: 'ok', members }
  }
  const found = await readInstructions(workspaceId, name, version)
  if (found !== null) {
    const result = { body: found.body, content_hash: found.contentHash, version: found.versionNumber }
    return { type: 'instructions', status: 'ok', members: { skill_name: found.name, result } }
  }
  const { clientTools } = functions.options
  const tool = Object.hasOwn(clientTools, name) ? clientTools[name] : undefined
  if (tool !== undefined)
    return { type: 'provider_tool', status: 'client_action_required', members: { tool } }
  // Says that no functions are configured, where that is so.
  await functions.read()
  throw new GatewayError('skill_not_found', `No skill is called ${name}.`)
}
