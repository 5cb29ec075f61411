import { type AccessToken, AuthorizationError, type GrantStep, type TokenGrant } from './authorization.ts'
import { fetchToken } from './fetch-token.ts'
import type { Transport } from './transport.ts'

/** Reads a text file. Errors: rejects when there is none. */
export type ReadTextFile = (path: string) => Promise<string>

/** How long what a file says is used before the file is read again. */
const fileLifetimeMs = 300_000

/** Goes from step to step to a token. Errors: rejects with AuthorizationError. */
export async function takeSteps(
  { steps }: TokenGrant,
  now: number,
  transport: Transport,
  readTextFile: ReadTextFile,
): Promise<AccessToken> {
  let reached: AccessToken = { token: '', lifetimeMs: 0 }
  for (const step of steps) reached = await takeStep(step, now, reached.token, transport, readTextFile)
  return reached
}

async function takeStep(
  step: GrantStep,
  now: number,
  before: string,
  transport: Transport,
  readTextFile: ReadTextFile,
): Promise<AccessToken> {
  if (step.kind === 'call') {
    const created = step.createRequest(now, before)
    const request = created instanceof Promise ? await created : created
    return fetchToken(transport, request, step.read && ((body) => step.read?.(body, now) ?? null))
  }
  let content: string
  try {
    content = await readTextFile(step.path)
  } catch (error) {
    throw new AuthorizationError(0, `The credentials file ${step.path} cannot be read`, error)
  }
  try {
    return { token: step.read(content), lifetimeMs: fileLifetimeMs }
  } catch (error) {
    throw new AuthorizationError(401, `The credentials file ${step.path}: ${(error as Error).message}`, error)
  }
}
