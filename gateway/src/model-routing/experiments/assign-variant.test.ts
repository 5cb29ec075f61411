import { describe, expect, it } from 'vitest'
import { assignVariant, hashOf } from './assign-variant.ts'

const experiment = {
  id: 'e1',
  variants: [
    { name: 'control', strategy: 'llmrouter-auto', weight: 60 },
    { name: 'challenger', strategy: 'llmrouter-bandit', weight: 40 },
  ],
}
const unit = { tenant: 'acme', user: 'u1', requestId: 'r', model: 'auto' }

describe('assignment', () => {
  it('is the published rule', () => {
    const hash = hashOf('tenant:acme:user:u1:model:auto')
    expect([hash, hash % 100n]).toEqual([1253843276999187270n, 70n])
    expect(assignVariant(experiment, unit)).toMatchObject({
      ...{ bucket: 70, totalWeight: 100, hashKeyType: 'tenant_user', variant: { name: 'challenger' } },
    })
  })

  it('goes by what is most stable of a caller', () => {
    const typeOf = (patch: object) => assignVariant(experiment, { ...unit, ...patch })?.hashKeyType
    expect([typeOf({ tenant: null }), typeOf({ user: null })]).toEqual(['user', 'request'])
  })

  it('does not depend on that of another experiment where it is salted', () => {
    const bucketOf = (patch: object) => assignVariant({ ...experiment, ...patch }, unit)?.bucket
    expect(bucketOf({ salted: true })).toBe(Number(hashOf('tenant:acme:user:u1:model:auto:exp:e1') % 100n))
    expect(bucketOf({ salted: true })).not.toBe(bucketOf({}))
  })

  it('is nobody’s without weights', () => {
    expect(assignVariant({ id: 'e', variants: [] }, unit)).toBeNull()
  })
})
