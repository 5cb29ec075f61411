import { BlockList, isIP } from 'node:net'

/** A set of addresses, single ones and CIDR ranges. */
export class AddressRanges {
  readonly #list = new BlockList()

  /** False for what is no address and no range; such an entry matches nobody. */
  add(entry: string): boolean {
    const [written = '', prefix] = entry.trim().split('/')
    const address = withoutDecoration(written)
    const family = isIP(address)
    if (family === 0 || (prefix !== undefined && !isPrefixLength(prefix, family))) return false
    const type = family === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) this.#list.addAddress(address, type)
    else this.#list.addSubnet(address, Number(prefix), type)
    return true
  }

  has(address: string | undefined): boolean {
    const plain = withoutDecoration(address ?? '')
    const family = isIP(plain)
    return family !== 0 && this.#list.check(plain, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** Whether a text is an IPv4 or IPv6 address. */
export function isAddress(text: string): boolean {
  return isIP(withoutDecoration(text)) !== 0
}

/** Without the IPv6 spelling of an IPv4 address and without the zone of a link-local one. */
function withoutDecoration(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')
}

function isPrefixLength(text: string, family: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= (family === 4 ? 32 : 128)
}
