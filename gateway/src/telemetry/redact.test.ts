import { describe, expect, it } from 'vitest'
import { createRedactor, redactText } from './redact.ts'

const pem = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${'MIIEow'.repeat(20)}\n-----END RSA PRIVATE KEY-----`
const aws = ['AKIA', 'IOSFODNN7', 'EXAMPLE'].join('')
const jwt = ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiIxMjM0In0', 'c2lnbmF0dXJl'].join('.')

/** The text, and the part of it that must be gone. */
const leaks: readonly (readonly [name: string, text: string, secret: string])[] = [
  ['gateway key', 'key sk-riq-3f9c0aa1b2c3d4 used', 'sk-riq-3f9c0aa1b2c3d4'],
  ['short key', 'master sk-1234', 'sk-1234'],
  ['key glued to a word', 'asksk-riq-3f9c0aa1b2c3d4', '3f9c0aa1b2c3d4'],
  ['project key', 'sk-proj-A_b-C1234567', 'A_b-C1234567'],
  ['masked key', 'Incorrect API key provided: sk-abc1*******wxyz.', 'wxyz'],
  ['key after a JSON escape', String.raw`first\nsk-abcdefgh1`, 'abcdefgh1'],
  ['key after a percent escape', 'q=x%3Dsk-abcdefgh1', 'abcdefgh1'],
  ['groq', 'gsk_abcdEFGH1234', 'abcdEFGH1234'],
  ['google', `AIza${'Sy1_-'.repeat(8)}`, 'Sy1_-'],
  ['google oauth', 'ya29.a0AfH6SMBx-1', 'a0AfH6SMBx'],
  ['github', 'ghp_0123456789abcdefABCD', '0123456789'],
  ['hugging face', 'hf_AbCdEfGh', 'AbCdEfGh'],
  ['slack', 'xoxb-123456-abcdef', '123456'],
  ['aws id', `id=${aws}`, aws],
  ['jwt', `token ${jwt}!`, 'c2lnbmF0dXJl'],
  ['bearer', 'authorization: Bearer my-own-token', 'my-own-token'],
  ['bearer in a URL', 'a=Bearer%20my-own-token', 'my-own-token'],
  ['basic', 'Basic dXNlcjpwYXNz', 'dXNlcjpwYXNz'],
  ['dsn', 'postgres://app:hunter2@db:5432/x', 'hunter2'],
  ['dsn without a user', 'redis://:hunter2@cache', 'hunter2'],
  ['dsn with @', 'postgres://app:hun@ter2@db/x', 'hun@ter2'],
  ['dsn with / and #', 'postgres://app:hu/nt#er2@db/x?a=b', 'hu/nt#er2'],
  ['second dsn', 'http://a/b then amqp://u:hunter2@h', 'hunter2'],
  ['query key', 'GET /v1beta/models?key=abcdef123&alt=sse', 'abcdef123'],
  ['JSON member', '{"api_key":"abcdef123"}', 'abcdef123'],
  ['escaped JSON member', String.raw`{\"client_secret\": \"abcdef123\"}`, 'abcdef123'],
  ['header', 'X-Api-Key: abcdef123', 'abcdef123'],
  ['assignment', 'AWS_SECRET_ACCESS_KEY=abc/def+123', 'abc/def+123'],
  ['azure connection string', 'AccountKey=abcdef123==;Endpoint=x', 'abcdef123'],
  ['pem', `before ${pem} after`, 'MIIEow'],
  ['pem without an end', `x ${pem.slice(0, 120)}`, 'MIIEow'],
  ['pem in JSON', JSON.stringify({ key: pem }), 'MIIEow'],
]

const harmless = [
  'task-management-system on disk-usage-report, risk-assessment',
  'max_tokens: 1234567, prompt_tokens=1234567, completion_tokens=12345678',
  'http://localhost:8080/v1?contact=a@b.example',
  'https://api.openai.com/v1/chat/completions',
  'The basic authentication scheme is not supported',
  'the error code is invalid_api_key',
  '{"error_code":"invalid_api_key","error_origin":"gateway"}',
  '0b3b8f5e-1111-2222-3333-444455556666',
  'key_alias=production',
]

describe('redactText', () => {
  it.each(leaks)('hides a %s', (_, text, secret) => {
    expect(redactText(text)).not.toContain(secret)
    expect(redactText(text)).toContain('[REDACTED]')
  })

  it.each(harmless)('leaves "%s" alone', (text) => {
    expect(redactText(text)).toBe(text)
  })

  it('keeps what surrounds a secret', () => {
    expect(redactText('postgres://app:hunter2@db:5432/x')).toBe('postgres://app:[REDACTED]@db:5432/x')
    expect(redactText('GET /m?key=abcdef123&alt=sse')).toBe('GET /m?key=[REDACTED]&alt=sse')
    expect(redactText(`before ${pem} after`)).toBe('before [REDACTED] after')
  })

  it('leaves a JSON line with secrets in it valid', () => {
    for (const [, text] of leaks) {
      const line = JSON.stringify({ event: 'error', error_message: text, level: 'error' })
      expect(JSON.parse(redactText(line))).toMatchObject({ event: 'error', level: 'error' })
    }
  })

  it('finds a secret anywhere in a long text', () => {
    for (const offset of [10_880, 10_900, 21_820, 32_760, 65_530]) {
      expect(redactText(`${'x '.repeat(offset)}sk-abcdefgh1${' y'.repeat(50_000)}`)).not.toContain(
        'abcdefgh1',
      )
    }
  })

  it.each([
    'eyJ'.repeat(300_000),
    'sk-'.repeat(300_000),
    '://a:'.repeat(200_000),
    '-----BEGIN A-----'.repeat(50_000),
    '"-----BEGIN A-----"'.repeat(50_000),
    'Bearer '.repeat(100_000),
    'password='.repeat(100_000),
    'basic a'.repeat(100_000),
  ])('ends soon on hostile text (%#), and a second pass changes nothing', (text) => {
    const result = redactText(text)
    expect(redactText(result)).toBe(result)
  })
})

describe('createRedactor', () => {
  const secret = 'pa ss/w+örd"1'

  it('finds a secret in every spelling', () => {
    const { redactText: redact } = createRedactor([secret])
    const spellings = [
      secret,
      JSON.stringify({ secret }),
      encodeURIComponent(secret),
      encodeURIComponent(secret).toLowerCase(),
      encodeURIComponent(secret).replaceAll('%20', '+'),
    ]
    for (const spelling of spellings) {
      expect(redact(`<${spelling}>`)).toContain('[REDACTED]')
      expect(redact(`<${spelling}>`).length).toBeLessThan(spelling.length)
    }
  })

  it('finds a secret inside base64 at every alignment', () => {
    const { redactText: redact } = createRedactor([secret])
    for (const before of ['', 'u', 'us', 'use', 'user']) {
      for (const alphabet of ['base64', 'base64url'] as const) {
        expect(redact(`x ${Buffer.from(`${before}${secret}:z`).toString(alphabet)}`)).toContain('[REDACTED]')
      }
    }
  })

  it('ignores values under eight characters', () => {
    expect(createRedactor(['seven77']).redactText('seven77')).toBe('seven77')
    expect(createRedactor(['eight888']).redactText('eight888')).toBe('[REDACTED]')
  })

  it('prefers the longer of two secrets', () => {
    expect(createRedactor(['abcdefgh', 'abcdefghij']).redactText('abcdefghij!')).toBe('[REDACTED]!')
  })

  it('learns secrets later and keeps the earlier ones', () => {
    const redactor = createRedactor(['first-one'])
    redactor.addSecrets(['second-one'])
    expect(redactor.redactText('first-one second-one')).toBe('[REDACTED] [REDACTED]')
  })

  it('finds each of thousands of secrets', () => {
    const secrets = Array.from({ length: 3000 }, (_, index) => `value-${index * 7919}-end`)
    const { redactText: redact } = createRedactor(secrets)
    for (const each of secrets) expect(redact(`a${each}b`)).toBe('a[REDACTED]b')
  })
})

describe('any text', () => {
  const fragments = [
    ...leaks.flatMap(([, text]) => [text, text.slice(0, text.length / 2), text.slice(text.length / 3)]),
    ...harmless,
    '[REDACTED]',
    'Bearer ',
    'Basic ',
    'password=',
    '://',
    '@',
    ':',
    '"',
    "'",
    '\\',
    '\n',
    ' ',
    '\ud800',
    'é',
    '%3D',
    'sk-',
    'eyJ',
    '-----BEGIN X-----',
    '-----END X-----',
    '&key=',
    'abcdefgh',
    'configured-secret',
  ]

  it('is redacted without an exception and to the same result when repeated', () => {
    const { redactText: redact } = createRedactor(['configured-secret', 'another[secret]', 'abcdefgh'])
    let state = 42
    const random = (below: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    for (let round = 0; round < 5000; round++) {
      const text = Array.from({ length: 1 + random(7) }, () => fragments[random(fragments.length)]).join('')
      const once = redact(text)
      expect(redact(once), JSON.stringify(text)).toBe(once)
    }
  })
})
