import { GatewayError } from '@routeiq/contract'

/** The refusal of a history the provider would not take. */
export function invalidHistory(reason: string, param: string): GatewayError {
  const message = `Invalid '${param}': ${reason}. Set modify_params: true to have it repaired.`
  return new GatewayError('invalid_request', message, { param, exceptionName: 'BadRequestError' })
}
