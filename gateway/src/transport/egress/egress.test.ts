import { describe, expect, it } from 'vitest'
import { judgeAddress } from './judge-address.ts'
import { guardedLookup, refuseOperatorHost } from './operator-egress.ts'

describe('judgeAddress', () => {
  it.each([
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '240.0.0.1',
    '198.18.0.1',
    '203.0.113.9',
    '::',
    '::2',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::a9fe:a9fe',
    '2002:a9fe:a9fe::',
    '2001::1',
    '2001:db8::1',
    '100::1',
    '5f00::1',
  ])('never lets anybody reach %s', (address) => {
    expect(judgeAddress(address)).toBe('never')
  })

  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '10.1.2.3',
    '172.31.255.255',
    '192.168.0.1',
    '100.64.0.1',
    '::1',
    'fd12::1',
    '::ffff:127.0.0.1',
    '64:ff9b::a00:1',
  ])('takes %s for private', (address) => {
    expect(judgeAddress(address)).toBe('private')
  })

  it.each(['1.1.1.1', '172.32.0.1', '100.128.0.1', '169.253.255.255', '2606:4700::1', '::ffff:8.8.8.8'])(
    'takes %s for public',
    (address) => {
      expect(judgeAddress(address)).toBe('public')
    },
  )
})

describe('the addresses an operator may write', () => {
  it.each([
    'metadata.google.internal',
    'METADATA.google.internal.',
    'instance-data',
    '169.254.169.254',
    '[fe80::1]',
    '[::ffff:169.254.169.254]',
  ])('do not include %s', (host) => {
    expect(refuseOperatorHost(host)).not.toBeNull()
  })

  // However it is spelled, the URL parser has made it plain before.
  it.each([
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
  ])('do not include %s', (url) => {
    expect(refuseOperatorHost(new URL(url).hostname)).not.toBeNull()
  })

  it.each(['localhost', '127.0.0.1', '[::1]', '10.0.0.1', 'api.openai.com', 'vllm.internal'])(
    'include %s',
    (host) => {
      expect(refuseOperatorHost(host)).toBeNull()
    },
  )

  it('resolve as ever', async () => {
    const one = await new Promise((resolve) => guardedLookup('localhost', {}, (...answer) => resolve(answer)))
    expect(one).toEqual([null, expect.stringMatching(/^(127\.0\.0\.1|::1)$/), expect.any(Number)])
    const all = await new Promise((resolve) =>
      guardedLookup('localhost', { all: true }, (...answer) => resolve(answer)),
    )
    expect(all).toEqual([
      null,
      expect.arrayContaining([expect.objectContaining({ address: expect.any(String) })]),
    ])
    const none = await new Promise((resolve) =>
      guardedLookup('no-such-host.invalid', {}, (error) => resolve(error)),
    )
    expect(none).toBeInstanceOf(Error)
  })

  it('refuse a name of a metadata service whatever it resolves to', async () => {
    const error = await new Promise((resolve) => guardedLookup('metadata', {}, (problem) => resolve(problem)))
    expect(error).toBeInstanceOf(Error)
  })
})
