import { describe, expect, it } from 'vitest'
import { encodeException } from '../../protocols/aws-event-stream.fixture.ts'
import { describeWireContract } from '../contract.suite.ts'
import { findProvider } from '../registry.ts'
import { bedrockWire } from './bedrock.ts'

const provider = findProvider('bedrock')!
const refused = (message: string) => ({ message })

describeWireContract({
  wire: bedrockWire,
  provider,
  fixtures: new URL('fixtures/', import.meta.url),
  finishes: {
    end_turn: 'stop',
    stop_sequence: 'stop',
    max_tokens: 'length',
    model_context_window_exceeded: 'length',
    tool_use: 'tool-calls',
    guardrail_intervened: 'content-filter',
    content_filtered: 'content-filter',
    something_new: 'stop',
  },
  answerWithFinish: (stopReason) => ({ output: { message: { content: [{ text: 'x' }] } }, stopReason }),
  deviations: {
    refusal: {
      why: 'a guardrail puts its words in place of the answer’s text',
      expected: { parts: [{ type: 'text', text: "I can't help with that." }], finish: 'content-filter' },
    },
  },
  cachedUsage: { cacheWriteOneHourTokens: 40, reasoningTokens: 0 },
  errors: [
    { status: 400, body: refused('The model returned the following errors: bad'), kind: 'bad_request' },
    { status: 400, body: refused('Input is too long for requested model.'), kind: 'context_window' },
    { status: 401, body: refused('Not authenticated'), kind: 'authentication' },
    { status: 403, body: refused('You are not allowed to use this model'), kind: 'permission' },
    { status: 404, body: refused('The provided model identifier is invalid.'), kind: 'not_found' },
    { status: 408, body: refused('Model timed out'), kind: 'request_timeout' },
    { status: 429, body: refused('Too many requests, please wait before trying again.'), kind: 'rate_limit' },
    { status: 500, body: refused('Internal'), kind: 'server_error' },
    { status: 503, body: { Message: 'Unavailable' }, kind: 'unavailable' },
  ],
  streamError: { text: encodeException('throttlingException', 'Too many requests'), kind: 'rate_limit' },
})

describe('errors of Bedrock', () => {
  const decode = (status: number, type: string) =>
    bedrockWire.decodeError(status, { 'x-amzn-errortype': type }, '{"message":"No."}', provider)

  it.each([
    [403, 'ExpiredTokenException', 'authentication'],
    [403, 'UnrecognizedClientException:http://internal.amazon.com/coral/', 'authentication'],
    [403, 'InvalidSignatureException', 'authentication'],
    [403, 'AccessDeniedException', 'permission'],
    [400, 'ServiceQuotaExceededException', 'rate_limit'],
    [424, 'ModelErrorException', 'server_error'],
    [429, 'ModelNotReadyException', 'unavailable'],
    [418, 'NovelException', 'bad_request'],
    [400, 'constructor', 'bad_request'],
  ])('%d %s is %s', (status, type, kind) => {
    expect(decode(status, type)).toMatchObject({
      kind,
      message: 'No.',
      providerFields: { code: type.split(':')[0] },
    })
  })

  it('come in spite of status 200 when the path is unknown', () => {
    const body = { Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' }
    expect(bedrockWire.findFailure(body)).toMatchObject({
      kind: 'server_error',
      message: 'UnknownOperationException',
    })
    expect(bedrockWire.findFailure({ output: {} })).toBeNull()
  })

  it.each([
    ['validationException', 'bad_request'],
    ['modelStreamErrorException', 'server_error'],
    ['internalServerException', 'server_error'],
    ['serviceUnavailableException', 'unavailable'],
    ['modelTimeoutException', 'request_timeout'],
    ['newException', 'server_error'],
    ['InternalError', 'server_error'],
  ])('as %s in a stream are %s', (event, kind) => {
    const decoder = bedrockWire.createStreamDecoder({
      toolNames: new Map(),
      customTools: new Set(),
      jsonTool: null,
    })
    expect(decoder.push({ event, data: '{"message":"No."}' })).toMatchObject([
      { type: 'error', failure: { kind, message: 'No.' } },
    ])
    expect(decoder.end()).toEqual([])
  })
})

describe('addresses of Bedrock', () => {
  const model = 'us.anthropic.claude-sonnet-4-5-20250929-v1:0'
  const base = (account: Record<string, string>, upstreamModel = model) =>
    bedrockWire.findBaseUrl?.({ apiKey: null, apiBase: null, account, upstreamModel })
  const paths = (upstreamModel: string, account = {}) =>
    bedrockWire.pathsFor({
      upstreamModel,
      account,
      base: new URL('https://bedrock-runtime.eu-west-1.amazonaws.com'),
    })
  const profile = 'arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abc'

  it.each([
    [{ aws_region_name: 'eu-west-1' }, model, 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
    [{ aws_region_name: 'cn-north-1' }, model, 'https://bedrock-runtime.cn-north-1.amazonaws.com.cn'],
    [{}, profile, 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
    [{ model_id: profile }, model, 'https://bedrock-runtime.eu-west-1.amazonaws.com'],
    [{ aws_bedrock_runtime_endpoint: 'https://vpce.example.com' }, model, 'https://vpce.example.com'],
  ])('%j and %s give %s', (account, upstreamModel, expected) => {
    expect(base(account as unknown as Record<string, string>, upstreamModel)).toBe(expected)
  })

  it('need a region', () => {
    expect(() => base({})).toThrow('aws_region_name')
  })

  it('hold the model, encoded once', () => {
    expect(paths(model)).toMatchObject({
      chat: '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse',
      chatStream: '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
      embedding: null,
    })
    expect(paths('converse/amazon.nova-pro-v1:0').chat).toBe('/model/amazon.nova-pro-v1%3A0/converse')
    expect(paths(model, { model_id: profile }).chat).toBe(
      '/model/arn%3Aaws%3Abedrock%3Aeu-west-1%3A123456789012%3Aapplication-inference-profile%2Fabc/converse',
    )
  })
})

describe('logging in to Bedrock', () => {
  const keys = { aws_access_key_id: 'AKID', aws_secret_access_key: 'secret' }
  const find = (
    account: Record<string, string>,
    apiKey: string | null = null,
    apiBase: string | null = null,
  ) => bedrockWire.findAuthorization?.({ apiKey, apiBase, account, upstreamModel: 'amazon.nova-pro-v1:0' })

  it('prefers a bearer token', () => {
    expect(find({ ...keys, aws_region_name: 'us-east-1' }, 'token')).toBeNull()
    expect(bedrockWire.authHeaders('token', { provider })).toEqual(['authorization', 'Bearer token'])
    expect(bedrockWire.authHeaders(null, { provider })).toEqual([])
  })

  it('signs with access keys', () => {
    expect(find({ ...keys, aws_region_name: 'us-east-1' })?.kind).toBe('signature')
    expect(find(keys, null, 'https://bedrock-runtime.us-east-1.amazonaws.com')?.kind).toBe('signature')
  })

  const region = { aws_region_name: 'us-east-1' }
  it.each([
    [{ aws_profile_name: 'p' }, /aws_region_name/],
    [{ ...region, aws_role_name: 'arn:aws:iam::1:role/x' }, /`aws_role_name` also needs/],
    [{ ...region, aws_web_identity_token: 't' }, /`aws_web_identity_token` also needs `aws_role_name`/],
    [
      { ...region, aws_web_identity_token: 'oidc/github/x', aws_role_name: 'arn:aws:iam::1:role/x' },
      /`oidc\/file\/<path>`/,
    ],
    [
      { ...region, ...keys, aws_role_name: 'arn:aws:iam::1:role/x', aws_sts_endpoint: 'nowhere' },
      /`aws_sts_endpoint` is not a URL/,
    ],
    [{ ...region, aws_access_key_id: 'AKID' }, /`aws_secret_access_key`/],
    [keys, /aws_region_name/],
  ])('says what is wrong with %j', (account, message) => {
    expect(() =>
      find(account as unknown as Record<string, string>, null, 'https://proxy.example.com'),
    ).toThrow(message)
  })
})
