import { createHash, createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { createSignature } from './signature.ts'

const hash = (data: string | Buffer) => createHash('sha256').update(data).digest('hex')
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest()
const body = Buffer.from('{"messages":[]}')
const request = {
  origin: 'https://bedrock-runtime.eu-west-1.amazonaws.com',
  method: 'POST',
  path: '/model/us.x%3A0/converse?b=2&a=1%2F2',
  headers: ['content-type', 'application/json', 'user-agent', 'routeiq'],
  body,
} as const
const now = Date.UTC(2026, 0, 2, 3, 4, 5)

/** AWS Signature Version 4 by its published steps, without the library. */
function signAnew(sessionToken: string | null): string {
  const headers = [
    ['content-type', 'application/json'],
    ['host', 'bedrock-runtime.eu-west-1.amazonaws.com'],
    ['x-amz-content-sha256', hash(body)],
    ['x-amz-date', '20260102T030405Z'],
    ...(sessionToken === null ? [] : [['x-amz-security-token', sessionToken]]),
  ]
  const names = headers.map(([name]) => name).join(';')
  const canonical = [
    'POST',
    // Every octet of the path that is sent is encoded once more.
    '/model/us.x%253A0/converse',
    'a=1%2F2&b=2',
    ...headers.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    hash(body),
  ].join('\n')
  const scope = '20260102/eu-west-1/bedrock/aws4_request'
  const toSign = ['AWS4-HMAC-SHA256', '20260102T030405Z', scope, hash(canonical)].join('\n')
  const key = ['eu-west-1', 'bedrock', 'aws4_request'].reduce<Buffer>(hmac, hmac('AWS4secret/+', '20260102'))
  const signature = hmac(key, toSign).toString('hex')
  return `AWS4-HMAC-SHA256 Credential=AKID/${scope}, SignedHeaders=${names}, Signature=${signature}`
}

it.each([null, 'session=='])(
  'is what AWS computes for the same request, with session token %s',
  async (token) => {
    const credentials = { accessKeyId: 'AKID', secretAccessKey: 'secret/+', sessionToken: token }
    const signature = createSignature('bedrock', 'eu-west-1', credentials)
    const headers = await signature.sign(request, now, '')
    const value = (name: string) => headers[headers.indexOf(name) + 1]
    expect(value('authorization')).toBe(signAnew(token))
    expect(value('user-agent')).toBe('routeiq')
    expect(headers.includes('x-amz-security-token')).toBe(token !== null)
    expect(await signature.sign(request, now, '')).toEqual(headers)
    const pieces = [body.subarray(0, 5), body.subarray(5)]
    const inPieces = { pieces, length: body.length, join: () => body }
    expect(await signature.sign({ ...request, body: inPieces }, now, '')).toEqual(headers)
  },
)
