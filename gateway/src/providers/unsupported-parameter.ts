import { GatewayError } from '@routeiq/contract'
import type { WireTarget } from './wire.ts'

/** The refusal of a member the target cannot honour. */
export function unsupportedParameter(name: string, target: WireTarget): GatewayError {
  const where = `${target.provider.title} model ${target.upstreamModel}`
  const message = `${where} does not support the parameter '${name}'. Remove it, or set drop_params: true to drop it.`
  return new GatewayError('unsupported_parameter', message, {
    param: name,
    exceptionName: 'UnsupportedParamsError',
  })
}
