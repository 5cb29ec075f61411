import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { ManagedCredential, ManagedModels } from '../../managed-models/managed-models.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { type ControlEndpointOptions, controlEndpoint } from '../../rest/control-endpoint.ts'

export interface CredentialDependencies {
  readonly identity: Identity
  readonly managed: ManagedModels
}

const name = z.string().min(1).max(256)
const fields = z.record(z.string(), z.unknown())
const newCredentialSchema = z.looseObject({
  credential_name: name,
  credential_values: fields,
  credential_info: fields.nullish(),
})
const changeSchema = z.looseObject({
  credential_values: fields.nullish(),
  credential_info: fields.nullish(),
})

/** `/credentials`: parameters of provider accounts that models refer to by name. Values are never shown. */
export function credentialRoutes({ identity, managed }: CredentialDependencies): Route<Endpoint>[] {
  const route = <Body>(
    method: Method,
    template: string,
    options: Pick<ControlEndpointOptions<Body>, 'body' | 'answer'>,
  ): Route<Endpoint> => {
    const permission = method === 'GET' ? 'model.read' : 'model.write'
    const alsoAdmits = (caller: Caller): boolean => holdsPermission(caller, permission)
    const handler = controlEndpoint({ identity, errors: 'openai-chat', alsoAdmits, ...options })
    return { method, template, auth: 'admin', handler }
  }
  const done = (action: string) => ({ body: { success: true, message: `Credential ${action} successfully` } })
  const show = async (name: string): Promise<object> => {
    await managed.refresh()
    const credential = managed.credentials.get(name)
    if (credential !== undefined) return describe(credential)
    throw new GatewayError('not_found', `There is no credential named ${name.slice(0, 256)}.`)
  }
  return [
    route('GET', '/credentials', {
      body: null,
      answer: async () => {
        await managed.refresh()
        return { body: { success: true, credentials: [...managed.credentials.values()].map(describe) } }
      },
    }),
    route('POST', '/credentials', {
      body: newCredentialSchema,
      answer: async ({ body: { credential_name, credential_values, credential_info } }) => {
        const info = credential_info ?? {}
        await managed.addCredential({ name: credential_name, values: credential_values, info })
        return done('created')
      },
    }),
    ...['/credentials/{name}', '/credentials/by_name/{name}'].map((template) =>
      route('GET', template, {
        body: null,
        answer: async ({ params }) => ({ body: await show(params['name'] ?? '') }),
      }),
    ),
    route('PATCH', '/credentials/{name}', {
      body: changeSchema,
      answer: async ({ params, body: { credential_values, credential_info } }) => {
        const changes = { values: credential_values ?? {}, info: credential_info ?? {} }
        await managed.changeCredential(params['name'] ?? '', changes)
        return done('updated')
      },
    }),
    route('DELETE', '/credentials/{name}', {
      body: null,
      answer: async ({ params }) => {
        await managed.removeCredential(params['name'] ?? '')
        return done('deleted')
      },
    }),
  ]
}

function describe({ name, values, info }: ManagedCredential): object {
  return {
    credential_name: name,
    credential_values: Object.fromEntries(Object.keys(values).map((key) => [key, '****'])),
    credential_info: info,
  }
}
