/** How much quality a caller gives up for money. */
export type Profile = 'auto' | 'eco' | 'premium' | 'free' | 'reasoning'

export const profiles: readonly Profile[] = ['auto', 'eco', 'premium', 'free', 'reasoning']

export function isProfile(value: unknown): value is Profile {
  return profiles.some((profile) => profile === value)
}

/** λ where no bundle has measured it: quality points given up to avoid one dear call. */
export const uncalibratedLambda: Readonly<Record<Profile, number>> = {
  auto: 0.05,
  eco: 0.5,
  premium: 0,
  free: 0,
  reasoning: 0.05,
}
