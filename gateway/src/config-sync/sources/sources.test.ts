import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { HeaderFields } from '../../http1/header-fields.ts'
import type { ExchangedBytes } from '../../transport/fetch-bytes.ts'
import type { UpstreamRequest } from '../../transport/transport.ts'
import { RemoteSourceError } from '../remote-source.ts'
import { createGcsSource } from './gcs-source.ts'
import { createHttpSource } from './http-source.ts'
import { createS3Source } from './s3-source.ts'

const answer = (
  status: number,
  body: string | Buffer = '',
  headers: Record<string, string> = {},
): ExchangedBytes => ({ status, fields: HeaderFields.from(headers), bytes: Buffer.from(body) })

/** Gives the answers one after the other and keeps what was asked. */
function exchangeOf(...answers: (ExchangedBytes | Error)[]) {
  const asked: UpstreamRequest[] = []
  const exchange = async (request: UpstreamRequest): Promise<ExchangedBytes> => {
    asked.push(request)
    const next = answers[asked.length - 1] ?? new Error('nobody expected this')
    if (next instanceof Error) throw next
    return next
  }
  return { exchange, asked }
}

const headerOf = ({ headers }: UpstreamRequest, name: string): string | undefined =>
  headers[headers.indexOf(name) + 1]

const places: readonly (readonly [string, Parameters<typeof createS3Source>[0], string])[] = [
  [
    'AWS',
    { bucket: 'configs', key: 'a b/ü.yaml', region: 'eu-west-1', endpoint: null },
    'https://configs.s3.eu-west-1.amazonaws.com/a%20b/%C3%BC.yaml',
  ],
  [
    'AWS with dots',
    { bucket: 'my.configs', key: 'c.yaml', region: 'us-east-1', endpoint: null },
    'https://s3.us-east-1.amazonaws.com/my.configs/c.yaml',
  ],
  [
    'AWS in China',
    { bucket: 'configs', key: 'c.yaml', region: 'cn-north-1', endpoint: null },
    'https://configs.s3.cn-north-1.amazonaws.com.cn/c.yaml',
  ],
  [
    'another server',
    { bucket: 'configs', key: "c!'(*).yaml", region: 'us-east-1', endpoint: 'http://minio:9000/base/' },
    'http://minio:9000/base/configs/c%21%27%28%2A%29.yaml',
  ],
]

describe('an object of S3', () => {
  it.each(places)('is found at %s', async (_, object, url) => {
    const { exchange, asked } = exchangeOf(answer(200, 'a: 1', { etag: '"1"' }))
    const source = createS3Source(object, null, exchange)
    expect(await source.fetch(null)).toEqual({ text: 'a: 1', etag: '"1"' })
    expect(asked.map(({ origin, path }) => origin + path)).toEqual([url])
    expect(source.location).toBe(`s3://${object.bucket}/${object.key}`)
  })

  const source = (...answers: (ExchangedBytes | Error)[]) => {
    const { exchange, asked } = exchangeOf(...answers)
    const object = { bucket: 'b', key: 'k', region: 'us-east-1', endpoint: 'http://s3.test' }
    return { asked, ...createS3Source(object, null, exchange) }
  }

  it('that has not changed is not sent', async () => {
    const { fetch, asked } = source(answer(304))
    expect(await fetch('"1"')).toBeNull()
    expect(asked.map((request) => headerOf(request, 'if-none-match'))).toEqual(['"1"'])
  })

  it.each([
    [answer(403, '<Error><Code>SignatureDoesNotMatch</Code></Error>'), 'status 403 (SignatureDoesNotMatch)'],
    [answer(404, 'gone'), 'status 404'],
    [answer(200, Buffer.from([0xff, 0xfe])), 'the document is not UTF-8 text'],
    [answer(200, '\n'), 'the document is empty'],
    [new Error('no answer in time'), 'no answer in time'],
  ])('that cannot be had is an error: %#', async (given, message) => {
    await expect(source(given).fetch(null)).rejects.toThrow(new RemoteSourceError(message))
  })
})

describe('an object of Cloud Storage', () => {
  const md5Hash = createHash('md5').update('a: 1').digest('base64')
  const source = (...answers: ExchangedBytes[]) => {
    const { exchange, asked } = exchangeOf(...answers)
    const grant = {
      kind: 'token',
      account: 'robot',
      steps: [{ kind: 'file', path: '', read: () => '' }],
    } as const
    return { asked, ...createGcsSource({ bucket: 'b', key: 'x/y.yaml', endpoint: null }, grant, exchange) }
  }
  const object = (fields: object = {}): ExchangedBytes =>
    answer(200, JSON.stringify({ etag: 'e1', generation: '7', md5Hash, ...fields }))

  it('is described first, and then read in that generation', async () => {
    const { fetch, asked, location } = source(object(), answer(200, 'a: 1'))
    expect(await fetch('e0')).toEqual({ text: 'a: 1', etag: 'e1' })
    const base = '/storage/v1/b/b/o/x%2Fy.yaml'
    expect(asked.map(({ path }) => path)).toEqual([
      `${base}?fields=etag,generation,md5Hash`,
      `${base}?alt=media&generation=7`,
    ])
    expect(asked.map(({ origin, authorization }) => [origin, authorization?.kind])).toEqual([
      ['https://storage.googleapis.com', 'token'],
      ['https://storage.googleapis.com', 'token'],
    ])
    expect(location).toBe('gs://b/x/y.yaml')
  })

  it('that has not changed is not read', async () => {
    const { fetch, asked } = source(object())
    expect(await fetch('e1')).toBeNull()
    expect(asked).toHaveLength(1)
  })

  it.each([
    [[object(), answer(200, 'a: 2')], 'the content does not have the checksum of the object'],
    [[answer(200, '{}')], 'the answer does not describe an object'],
    [[answer(200, 'hello')], 'the answer does not describe an object'],
    [[answer(401)], 'status 401'],
    [[object(), answer(404)], 'status 404'],
  ])('that cannot be had is an error: %#', async (answers, message) => {
    await expect(source(...answers).fetch(null)).rejects.toThrow(new RemoteSourceError(message))
  })
})

describe('a document at a URL', () => {
  const redirect = (location: string): ExchangedBytes => answer(302, '', { location })
  const source = (url: string, ...answers: ExchangedBytes[]) => {
    const { exchange, asked } = exchangeOf(...answers)
    return { asked, ...createHttpSource(url, exchange) }
  }

  it('is asked for with the credentials of the URL, which do not follow to another server', async () => {
    const { fetch, asked, location } = source(
      'https://me:p%40ss@configs.test/c.yaml?v=1',
      redirect('/moved.yaml'),
      redirect('https://elsewhere.test/c.yaml'),
      answer(200, 'a: 1'),
    )
    expect(await fetch(null)).toEqual({ text: 'a: 1', etag: null })
    expect(asked.map(({ origin, path }) => origin + path)).toEqual([
      'https://configs.test/c.yaml?v=1',
      'https://configs.test/moved.yaml',
      'https://elsewhere.test/c.yaml',
    ])
    const basic = `Basic ${Buffer.from('me:p@ss').toString('base64')}`
    expect(asked.map((request) => request.headers.includes(basic))).toEqual([true, true, false])
    expect(location).toBe('https://configs.test/c.yaml')
  })

  it.each([
    ['to plain http', [redirect('http://configs.test/c.yaml')], 'a redirect from https to http'],
    ['to a file', [redirect('file:///etc/passwd')], 'a redirect to another scheme than http or https'],
    ['to nowhere', [redirect('https://[')], 'a redirect to another scheme than http or https'],
    ['without end', Array.from({ length: 5 }, () => redirect('/again')), 'more than 3 redirects'],
  ])('is not looked for %s', async (_, answers, message) => {
    const { fetch } = source('https://configs.test/c.yaml', ...answers)
    await expect(fetch(null)).rejects.toThrow(new RemoteSourceError(message))
  })
})
