import { GatewayError } from '@routeiq/contract'
import { describe, expect, it } from 'vitest'
import { modelConfig, snapshotOf } from '../deployments/for-test.ts'
import { resolveModel } from '../deployments/resolve-model.ts'
import { chooseDeployment } from './choose-deployment.ts'
import { openGatewayBench } from './testing/gateway-bench.ts'
import { sampleConfig, sampleRequest } from './testing/sample-request.ts'

const { gateway } = openGatewayBench(
  'model_list: [{ model_name: m, litellm_params: { model: openai/m, api_key: sk-x } }]',
)

/** Whether a request goes to a deployment that can do everything but this. */
function isServed(ability: string, body: Record<string, unknown>, enablePreCallChecks = true): boolean {
  const models = [modelConfig('m', { upstreamModel: 'unknown', info: { raw: { [ability]: false } } })]
  const routing = snapshotOf(models, { routing: { enablePreCallChecks } })
  const config = sampleConfig()
  const runtime = {
    config: { ...config, routing: { ...config.routing, enablePreCallChecks } },
    routing,
    banned: null,
    policies: null,
  }
  const request = { ...sampleRequest({ messages: [], ...body }), runtime }
  const resolution = resolveModel(routing, 'm', request.caller.naming)
  const plan = chooseDeployment(gateway, request, resolution, null)
  const attempt = plan.next()
  plan.abort()
  return !(attempt instanceof GatewayError)
}

const part = (type: string) => ({ messages: [{ role: 'user', content: [{ type: 'text' }, { type }] }] })
const item = (type: string) => ({ messages: undefined, input: [{ role: 'user', content: [{ type }] }] })
const needs: readonly [string, Record<string, unknown>][] = [
  ['supports_function_calling', { tools: [{ type: 'function' }] }],
  ['supports_response_schema', { response_format: { type: 'json_schema' } }],
  ['supports_vision', part('image_url')],
  ['supports_pdf_input', part('file')],
  ['supports_audio_input', part('input_audio')],
  ['supports_response_schema', { messages: undefined, text: { format: { type: 'json_schema' } } }],
  ['supports_vision', item('input_image')],
  ['supports_pdf_input', item('input_file')],
]

describe('what a request needs', () => {
  it.each(needs)('%s', (ability, body) => {
    expect(isServed(ability, body)).toBe(false)
    expect(isServed('supports_something_else', body)).toBe(true)
    expect(isServed(ability, body, false)).toBe(true)
  })

  it.each([
    ['supports_function_calling', { tools: [] }],
    ['supports_function_calling', { tools: 'x' }],
    ['supports_response_schema', { response_format: { type: 'json_object' } }],
    ['supports_response_schema', { response_format: null }],
    ['supports_vision', { messages: [{ role: 'user', content: 'image_url' }] }],
    [
      'supports_vision',
      { messages: [null, 7, 'x', { content: null }, { content: [null, 'image_url', {}] }] },
    ],
    ['supports_vision', { messages: {} }],
    ['supports_vision', { messages: undefined, input: 'input_image' }],
    ['supports_response_schema', { text: null }],
  ])('%s is not needed by %j', (ability, body) => {
    expect(isServed(ability, body)).toBe(true)
  })
})
