import { describe, expect, it } from 'vitest'
import { filterBetas } from './anthropic-betas.ts'

const flags = 'interleaved-thinking-2025-05-14, brand-new-2027-01-01,advanced-tool-use-2025-11-20'

describe('beta flags', () => {
  it('all go to Anthropic itself', () => {
    expect(filterBetas(flags, 'anthropic')).toBe(flags)
  })

  it.each(['bedrock', 'vertex_ai'])(
    'that %s does not know stay here, others by the name it knows',
    (provider) => {
      expect(filterBetas(flags, provider)).toBe('interleaved-thinking-2025-05-14,tool-search-tool-2025-10-19')
      expect(filterBetas('brand-new-2027-01-01', provider)).toBeNull()
      expect(filterBetas('', provider)).toBeNull()
    },
  )

  it('are sent once', () => {
    const both = 'advanced-tool-use-2025-11-20,tool-search-tool-2025-10-19'
    expect(filterBetas(both, 'bedrock')).toBe('tool-search-tool-2025-10-19')
  })
})
