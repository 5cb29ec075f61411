import { describe, expect, it } from 'vitest'
import { UserEgress } from './user-egress.ts'

const closed = { allowPrivate: false, hosts: [], networks: [] }

describe('an address a user writes', () => {
  const egress = new UserEgress(closed)

  it.each([
    'https://example.org/',
    'https://example.org:8443/hook?x=1',
    'https://1.1.1.1/',
    'https://[2606:4700::1]/',
  ])('may be %s', (url) => {
    expect(egress.refuseUrl(url)).toBeNull()
  })

  it.each([
    'http://example.org/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'https://ann:pw@example.org/',
    'https://example.org/#x',
    'https://exa mple.org/',
    'https:\\\\example.org',
    'https://',
    'nonsense',
    `https://example.org/${'x'.repeat(2_048)}`,
    'https://localhost/',
    'https://LOCALHOST./',
    'https://a.localhost/',
    'https://printer.local/',
    'https://db.internal/',
    'https://metadata.google.internal/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://127.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://10.0.0.1/',
    'https://192.168.1.1/',
    'https://100.64.0.1/',
    'https://[fc00::1]/',
    'https://169.254.169.254/',
    'https://[fd00:ec2::254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://0.0.0.0/',
    'https://１２７.０.０.１/',
  ])('may not be %s', (url) => {
    expect(egress.refuseUrl(url)).not.toBeNull()
  })

  it.each([
    ['https://10.0.0.1/', { ...closed, allowPrivate: true }],
    ['https://10.0.0.1/', { ...closed, networks: ['10.0.0.0/8'] }],
    ['https://127.0.0.1/', { ...closed, networks: ['127.0.0.0/8'] }],
    ['http://127.0.0.1:8080/', { ...closed, hosts: ['127.0.0.1'] }],
    ['https://hook.internal/', { ...closed, hosts: ['*.internal'] }],
    ['http://hook.internal/', { ...closed, hosts: ['hook.internal'] }],
  ])('may be %s where the operator opened it: %j', (url, policy) => {
    expect(new UserEgress(policy).refuseUrl(url)).toBeNull()
  })

  it.each([
    ['https://127.0.0.1/', { ...closed, allowPrivate: true }],
    ['http://a.internal/', { ...closed, hosts: ['.internal'] }],
    ['https://169.254.169.254/', { allowPrivate: true, hosts: ['169.254.169.254'], networks: ['0.0.0.0/0'] }],
    [
      'https://metadata.google.internal/',
      { allowPrivate: true, hosts: ['metadata.google.internal'], networks: [] },
    ],
    ['https://ok.test.evil.internal/', { ...closed, hosts: ['ok.test'] }],
  ])('may not be %s although something is open: %j', (url, policy) => {
    expect(new UserEgress(policy).refuseUrl(url)).not.toBeNull()
  })

  it('is judged again by what its name resolves to', async () => {
    const look = (policy: ConstructorParameters<typeof UserEgress>[0]) =>
      new Promise((done) => new UserEgress(policy).lookup('localhost', {}, (error) => done(error)))
    expect(await look(closed)).toBeInstanceOf(Error)
    expect(await look({ ...closed, hosts: ['localhost'] })).toBeNull()
    expect(await look({ ...closed, networks: ['127.0.0.0/8', '::1/128'] })).toBeNull()
  })

  it('refuses a policy with a network that is none', () => {
    expect(() => new UserEgress({ ...closed, networks: ['10.0.0.0/99'] })).toThrow()
  })
})
