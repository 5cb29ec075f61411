import { z } from 'zod'
import type { UseCounters } from '../../governance/use-counters.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Method, Route } from '../../http/router.ts'
import type { ChangedSubject } from '../../identity/authenticator.ts'
import type { Caller } from '../../identity/caller.ts'
import { holdsPermission } from '../../identity/permissions.ts'
import type { Identity } from '../../pipeline/authenticate.ts'
import { type ControlEndpointOptions, controlEndpoint } from '../../rest/control-endpoint.ts'
import type { KeyStore } from '../../storage/key-store.ts'
import type { SubjectStore } from '../../storage/subject-store.ts'
import type { UseStore } from '../../storage/use-store.ts'
import type { KeyAdministration } from '../keys/key-administration.ts'

export interface RulesDependencies {
  readonly identity: Identity
  readonly administration: Pick<KeyAdministration, 'find' | 'findByAlias'>
  readonly keys: KeyStore
  readonly subjects: SubjectStore
  readonly uses: Pick<UseStore, 'list'>
  readonly counters: Pick<UseCounters, 'read' | 'flush'>
  readonly onKeysChanged: (tokenHashes: readonly string[]) => void
  readonly onSubjectsChanged: (changed: readonly ChangedSubject[]) => void
  /** Reads the usage policies anew, so that a change counts when its answer is sent. */
  readonly onPoliciesChanged: () => Promise<void>
  readonly usagePoliciesOn: () => boolean
  readonly timezone: () => string
  readonly keyCacheTtlMs: number
  readonly now: () => number
}

interface RuleRoute<Body> extends Pick<ControlEndpointOptions<Body>, 'body' | 'answer'> {
  /** `workspace.write` and the like; admins have all of them. */
  readonly permission: string
}

/** A route below `/api/v1/routeiq/governance`, for admins and holders of its permission. */
export function ruleRoute<Body>(
  { identity }: RulesDependencies,
  method: Method,
  path: string,
  { permission, body, answer }: RuleRoute<Body>,
): Route<Endpoint> {
  const alsoAdmits = (caller: Caller): boolean => holdsPermission(caller, permission)
  const handler = controlEndpoint({ identity, alsoAdmits, body, answer })
  return { method, template: `/api/v1/routeiq/governance${path}`, auth: 'admin', aliased: false, handler }
}

/** The same members for a change: those left out stay as they are, so that defaults do not count. */
export function changesOf<Shape extends z.ZodRawShape>(
  fields: Shape,
): z.ZodType<Partial<z.infer<z.ZodObject<Shape>>>> {
  const shape = Object.entries(fields).map(([name, field]) => {
    const plain = field instanceof z.ZodDefault ? field.removeDefault() : field
    return [name, z.optional(plain)] as const
  })
  return z.strictObject(Object.fromEntries(shape)) as unknown as z.ZodType<
    Partial<z.infer<z.ZodObject<Shape>>>
  >
}

/** The members that were sent. */
export function given<Fields extends object>(
  body: Fields,
): { [Name in keyof Fields]: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as never
}
