import type { RegionRoutingConfig } from '../config/config.ts'
import type { Deployment } from './deployment.ts'

/** Where a request is to be processed. */
export interface RegionWish {
  readonly name: string
  /** Ids of deployments, names of models and of regions that the configuration counts to it. */
  readonly members: readonly string[]
  /** Nowhere else, even if that means not at all. */
  readonly isHard: boolean
}

const nobody: readonly string[] = []

/** Null where no region was named. */
export function readRegionWish(
  { map, isHard }: RegionRoutingConfig,
  named: string | null,
): RegionWish | null {
  const name = named?.trim() ?? ''
  return name === '' ? null : { name, members: map[name] ?? nobody, isHard }
}

/** A deployment that says nothing of its region is in none, unless the configuration counts it to one. */
export function servesRegion({ id, group, config }: Deployment, { name, members }: RegionWish): boolean {
  const { regionName } = config
  if (regionName === name || members.includes(id) || members.includes(group)) return true
  return regionName !== null && members.includes(regionName)
}
