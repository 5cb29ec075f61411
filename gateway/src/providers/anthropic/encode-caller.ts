import { createHash } from 'node:crypto'
import { readText } from '../../conversation/json-value.ts'
import type { Block, Encoding } from './encoding.ts'

/** The caller's end user and service tier. */
export function encodeCaller({ request, dropped }: Encoding): Block {
  const body: Block = {}
  const user =
    request.user ?? readText(request.extra['safety_identifier']) ?? readText(request.metadata?.['user_id'])
  if (user !== null) body['metadata'] = { user_id: hidePersonalData(user) }
  if (request.serviceTier !== null) {
    const tier = serviceTiers.get(request.serviceTier)
    if (tier === undefined) dropped.push('service_tier')
    else body['service_tier'] = tier
  }
  return body
}

const serviceTiers = new Map<string, string>(
  Object.entries({
    auto: 'auto',
    priority: 'auto',
    default: 'standard_only',
    standard_only: 'standard_only',
  }),
)

const mailAddress = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
const phoneNumber = /^\+?[\d\s().-]{7,20}$/

/** The provider forbids names, mail addresses and phone numbers here; the latter two become a hash. */
function hidePersonalData(user: string): string {
  const isPersonal = mailAddress.test(user) || (phoneNumber.test(user) && /[+\s().-]/.test(user))
  return isPersonal ? createHash('sha256').update(user).digest('hex') : user
}
