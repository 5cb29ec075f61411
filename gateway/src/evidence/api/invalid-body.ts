import { GatewayError } from '@routeiq/contract'

/** A body whose shape is right and whose content is not. */
export function invalidBody(field: string, message: string): GatewayError {
  return new GatewayError('validation_failed', message, {
    param: field,
    extras: { issues: [{ type: 'value_error', loc: ['body', ...field.split('.')], msg: message }] },
  })
}
