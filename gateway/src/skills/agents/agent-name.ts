import { GatewayError } from '@routeiq/contract'

const maxCharacters = 255

/** Errors: 422 for a name no agent can have. */
export function readAgentName(text: string | null | undefined): string {
  const name = (text ?? '').trim()
  if (name !== '' && [...name].length <= maxCharacters && !name.includes('\0')) return name
  const msg = `an agent name has 1 to ${maxCharacters} characters`
  throw new GatewayError('validation_failed', msg, {
    extras: { issues: [{ type: 'value_error', loc: ['path', 'agent'], msg }] },
  })
}
