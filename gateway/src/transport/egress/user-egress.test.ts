import { once } from 'node:events'
import http from 'node:http'
import { type AddressInfo, createServer, isIP } from 'node:net'
import { describe, expect, it } from 'vitest'
import { createUserTransport } from '../../process/network-transport.ts'
import { postBytes } from '../post-bytes.ts'
import { UserEgress } from './user-egress.ts'

const closed = { allowPrivate: false, hosts: [], networks: [] }
const hook = 'https://hook.example/news'

type Resolve = NonNullable<ConstructorParameters<typeof UserEgress>[1]>

const answering =
  (addresses: readonly string[]): Resolve =>
  (_name, _options, answer) =>
    answer(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    )

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
      new Promise((done) => new UserEgress(policy).judge.lookup('localhost', {}, (error) => done(error)))
    expect(await look(closed)).toBeInstanceOf(Error)
    expect(await look({ ...closed, hosts: ['localhost'] })).toBeNull()
    expect(await look({ ...closed, networks: ['127.0.0.0/8', '::1/128'] })).toBeNull()
  })

  it('is judged by all its name resolves to now, and again later where nobody knows it yet', async () => {
    const judged = (...addresses: string[]) => new UserEgress(closed, answering(addresses)).refuseTarget(hook)
    expect(await judged('1.1.1.1', '2606:4700::1')).toBeNull()
    expect(await judged('1.1.1.1', '10.0.0.1')).toContain('private')
    expect(await judged('169.254.169.254')).toContain('private')
    expect(await judged()).not.toBeNull()
    const lost = new UserEgress(closed, (_name, _options, answer) => answer(new Error('ENOTFOUND'), []))
    expect(await lost.refuseTarget(hook)).toBeNull()
    expect(await new UserEgress(closed).refuseTarget('https://10.0.0.1/')).toContain('private')
  })

  it('is not dialled when its name has come to lead elsewhere since', async () => {
    const connections: unknown[] = []
    const server = createServer((socket) => connections.push(socket.end())).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const answers = [['1.1.1.1'], ['127.0.0.1'], ['1.1.1.1', '127.0.0.1']]
    const egress = new UserEgress(closed, (name, options, answer) =>
      answering(answers.shift() ?? [])(name, options, answer),
    )
    const url = `https://rebound.example:${port}/`
    expect(await egress.refuseTarget(url)).toBeNull()
    const transport = createUserTransport(egress)
    for (const _ of [1, 2]) await expect(postBytes(transport, url, [], '{}')).rejects.toThrow()
    expect([answers, connections]).toEqual([[], []])
    await transport.close()
    server.close()
  })

  it('is listed, or not reached at all, where only listed ones are', async () => {
    const listed = {
      ...{ listedOnly: true, allowPrivate: true },
      ...{ hosts: ['*.good.example', '127.0.0.1'], networks: ['1.1.1.0/24'] },
    }
    const judged = (url: string, ...addresses: string[]) =>
      new UserEgress(listed, answering(addresses)).refuseTarget(url)
    expect(await judged('https://a.good.example/', '8.8.8.8')).toBeNull()
    expect(await judged('https://other.example/', '1.1.1.1')).toBeNull()
    expect(await judged('https://1.1.1.9/')).toBeNull()
    expect(await judged('http://127.0.0.1/')).toBeNull()
    for (const address of ['8.8.8.8', '10.0.0.1', '169.254.169.254'])
      expect(await judged('https://other.example/', address)).not.toBeNull()
    expect(await judged('https://10.0.0.1/')).not.toBeNull()
    const byName = new UserEgress({ ...listed, networks: [] })
    expect(byName.refuseUrl('https://other.example/')).toContain('ROUTEIQ_EGRESS_MODE')
    expect(byName.refuseUrl('https://good.example/')).not.toBeNull()
  })

  it('may be a listed URL or one below it, and nothing else of the same server', () => {
    const urls = ['https://api.ok.test', 'http://127.0.0.1:8080/base/', 'http://metadata.google.internal/x']
    const egress = new UserEgress({ ...closed, urls })
    for (const url of ['http://127.0.0.1:8080/base', 'http://127.0.0.1:8080/base/a?b=c'])
      expect(egress.refuseUrl(url), url).toBeNull()
    for (const url of [
      'http://127.0.0.1:8080/basement',
      'http://127.0.0.1:8080/base/../other',
      'http://127.0.0.1:8080/base/%2e%2e/other',
      'http://127.0.0.1:8081/base/a',
      'https://127.0.0.1:8080/base/a',
      'http://metadata.google.internal/x',
      'http://api.ok.test/',
    ])
      expect(egress.refuseUrl(url), url).not.toBeNull()
  })

  it('is dialled for what is listed, while its neighbours are not', async () => {
    const asked: string[] = []
    const server = http.createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo
    const origin = `http://inside.example:${port}`
    const transport = createUserTransport(
      new UserEgress({ ...closed, urls: [`${origin}/open`] }, answering(['127.0.0.1'])),
    )
    for (let round = 0; round < 2; round++) {
      expect(await postBytes(transport, `${origin}/open/door`, [], '{}')).toBe(200)
      await expect(postBytes(transport, `${origin}/openly`, [], '{}')).rejects.toThrow()
    }
    expect(asked).toEqual(['/open/door', '/open/door'])
    await transport.close()
    server.close()
  })

  it('refuses a policy with a network that is none', () => {
    expect(() => new UserEgress({ ...closed, networks: ['10.0.0.0/99'] })).toThrow()
  })
})
