import { GatewayError, type PluginAnswer } from '@routeiq/contract'
import { z } from 'zod'

const answerSchema = z.strictObject({
  statusCode: z.number().int().min(200).max(599).default(403),
  body: z.record(z.string(), z.unknown()).default({ error: 'blocked_by_plugin' }),
  headers: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/), z.string().regex(/^[\t\u0020-\u007e]*$/))
    .default({}),
})

/** An answer that a plugin gives, every default filled in. Errors: throws a TypeError for what is none. */
export function readAnswer(value: unknown): Required<PluginAnswer> {
  const parsed = answerSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new TypeError(`its answer cannot be sent: ${z.prettifyError(parsed.error)}`)
}

/** The same as what ends a request; null where the plugin lets it pass. */
export function readRefusal(value: unknown, plugin: string): GatewayError | null {
  if (value === null || value === undefined) return null
  const { statusCode, body, headers } = readAnswer(value)
  return new GatewayError('blocked_by_plugin', `The plugin ${plugin} of this gateway refuses the request.`, {
    status: statusCode,
    headers,
    extras: body,
  })
}
