import { GatewayError } from '@routeiq/contract'
import type { SkillsConfig } from '../../config/config.ts'
import { parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import { MalformedMultipart, PartScanner, readBoundary } from '../../multipart/part-scanner.ts'
import type { WireRequest } from '../wires/wire-request.ts'

/** What a request says of where its skill is kept; it speaks to the gateway and does not go on. */
export interface Addressee {
  readonly model: string | null
  readonly provider: string | null
}

/** Members, fields and parameters that speak to the gateway. */
export const ours = ['model', 'custom_llm_provider']

/** Form or body, query, header: the first that names a model. */
export function readAddressee({ exchange, query, contentType, body }: WireRequest): Addressee {
  const fields = readFields(contentType, body)
  const header = exchange.header('x-litellm-model') ?? exchange.header('x-routeiq-model')
  return {
    model: fields.model ?? readText(query.get('model')) ?? readText(header),
    provider: fields.provider ?? readText(query.get('custom_llm_provider')),
  }
}

function readFields(contentType: string, body: Buffer): Addressee {
  const values = new Map<string, unknown>()
  if (/^application\/json\b/i.test(contentType)) {
    const record = readRecord(parseJson(body.toString('utf8')))
    for (const name of ours) values.set(name, record?.[name])
  } else {
    const scanner = scanForm(contentType, body)
    for (const part of scanner?.parts ?? []) values.set(part.name, scanner?.textOf(body, part))
  }
  return { model: readText(values.get('model')), provider: readText(values.get('custom_llm_provider')) }
}

/** Null for what is no form; what is wrong with one is for whoever takes it to say. */
export function scanForm(contentType: string, body: Buffer): PartScanner | null {
  try {
    const boundary = readBoundary(contentType)
    if (boundary === null) return null
    const scanner = new PartScanner(boundary)
    scanner.scan(body)
    return scanner
  } catch (error) {
    if (error instanceof MalformedMultipart) return null
    throw error
  }
}

/** A header wins, then the provider that is named, then the mode. */
export function chooseBackend(
  { exchange }: WireRequest,
  { model, provider }: Addressee,
  mode: SkillsConfig['mode'],
): 'store' | 'account' | 'account-if-any' {
  const said = exchange.header('x-routeiq-skills-backend')
  if (said === 'store') return 'store'
  if (said === 'provider') return 'account'
  if (said !== null) {
    const message = 'x-routeiq-skills-backend must be store or provider.'
    throw new GatewayError('invalid_request', message, { param: 'x-routeiq-skills-backend' })
  }
  if (provider === 'litellm_proxy' || provider === 'routeiq' || mode === 'database') return 'store'
  if (mode === 'passthrough' || model !== null) return 'account'
  return provider === 'anthropic' ? 'account-if-any' : 'store'
}
