import { GatewayError } from '@routeiq/contract'
import type { Deployment, Operation } from '../deployments/deployment.ts'

/** Where a deployment serves an operation. Errors: 400 when it does not. */
export function pathOf(operation: Operation, deployment: Deployment, stream: boolean): string {
  const path = deployment.paths[stream && operation === 'chat' ? 'chatStream' : operation]
  if (path !== null) return path
  throw new GatewayError(
    'unsupported_parameter',
    `${deployment.provider.title} has no ${operation} endpoint; choose another model.`,
    { param: 'model' },
  )
}
