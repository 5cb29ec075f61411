import { BlockList, isIP } from 'node:net'

/**
 * `never`: no configuration reaches it (cloud metadata, link-local, reserved). `private`: only addresses the operator
 * wrote may be there. `public`: everything else.
 */
export type AddressClass = 'public' | 'private' | 'never'

const neverIpv4 = [
  ['169.254.0.0', 16],
  ['100.100.100.200', 32],
  ['168.63.129.16', 32],
  ['192.0.0.0', 24],
  ['0.0.0.0', 8],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
  ['192.88.99.0', 24],
  ['192.0.2.0', 24],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['198.18.0.0', 15],
] as const
const privateIpv4 = [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
] as const
const neverIpv6 = [
  ['fd00:ec2::254', 128],
  ['fd20:ce::254', 128],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['2001::', 23],
  ['2002::', 16],
] as const
const privateIpv6 = [
  ['::1', 128],
  ['fc00::', 7],
] as const
/** Addresses that hold an IPv4 address in their last 32 bits: mapped, and the NAT64 prefixes. */
const embedding = /^(?:::ffff:|64:ff9b::|64:ff9b:1:(?:[0-9a-f:]*:)?)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/

const never = listOf(neverIpv4, neverIpv6)
const reserved = listOf(privateIpv4, privateIpv6)
const globalUnicast = listOf([], [['2000::', 3]])

/** Judges an address literal (IPv6 without brackets). Errors: throws a TypeError for what is no address. */
export function judgeAddress(address: string): AddressClass {
  const family = isIP(address)
  if (family === 0) throw new TypeError('not an address')
  return family === 4 ? judgeIpv4(address) : judgeIpv6(address)
}

function judgeIpv4(address: string): AddressClass {
  if (never.check(address, 'ipv4')) return 'never'
  return reserved.check(address, 'ipv4') ? 'private' : 'public'
}

/** The URL parser gives every spelling its one short form. Whatever is not global unicast is refused. */
function judgeIpv6(address: string): AddressClass {
  const [withoutZone = ''] = address.split('%')
  const short = new URL(`http://[${withoutZone}]/`).hostname.slice(1, -1)
  const inner = embedding.exec(short)
  if (inner !== null) return judgeIpv4(joinIpv4(inner[1] ?? '', inner[2] ?? ''))
  if (never.check(short, 'ipv6')) return 'never'
  if (reserved.check(short, 'ipv6')) return 'private'
  return globalUnicast.check(short, 'ipv6') ? 'public' : 'never'
}

function joinIpv4(high: string, low: string): string {
  const bytes = [Number.parseInt(high, 16), Number.parseInt(low, 16)].flatMap((part) => [
    part >> 8,
    part & 255,
  ])
  return bytes.join('.')
}

function listOf(
  ipv4: readonly (readonly [string, number])[],
  ipv6: readonly (readonly [string, number])[],
): BlockList {
  const list = new BlockList()
  for (const [network, bits] of ipv4) list.addSubnet(network, bits, 'ipv4')
  for (const [network, bits] of ipv6) list.addSubnet(network, bits, 'ipv6')
  return list
}
