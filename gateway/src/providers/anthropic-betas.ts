/** What a provider makes of Anthropic's beta flags: the name it knows each by; flags that are not here are dropped. */
type BetaTable = ReadonlyMap<string, string>

const sameName = (...flags: readonly string[]): readonly (readonly [string, string])[] =>
  flags.map((flag) => [flag, flag])

/**
 * Providers that serve Claude themselves and refuse flags they do not know, which would make every new release of an
 * agent fail. From the hosts' documentation of `anthropic_beta`.
 */
const tables: ReadonlyMap<string, BetaTable> = new Map([
  [
    'bedrock',
    new Map([
      ...sameName(
        'computer-use-2024-10-22',
        'computer-use-2025-01-24',
        'computer-use-2025-11-24',
        'context-1m-2025-08-07',
        'context-management-2025-06-27',
        'dev-full-thinking-2025-05-14',
        'effort-2025-11-24',
        'fine-grained-tool-streaming-2025-05-14',
        'interleaved-thinking-2025-05-14',
        'output-128k-2025-02-19',
        'token-efficient-tools-2025-02-19',
        'tool-examples-2025-10-29',
        'tool-search-tool-2025-10-19',
      ),
      ['advanced-tool-use-2025-11-20', 'tool-search-tool-2025-10-19'] as const,
    ]),
  ],
  [
    'vertex_ai',
    new Map([
      ...sameName(
        'computer-use-2024-10-22',
        'computer-use-2025-01-24',
        'computer-use-2025-11-24',
        'context-1m-2025-08-07',
        'context-management-2025-06-27',
        'fine-grained-tool-streaming-2025-05-14',
        'interleaved-thinking-2025-05-14',
        'output-128k-2025-02-19',
        'token-efficient-tools-2025-02-19',
        'tool-search-tool-2025-10-19',
        'web-search-2025-03-05',
      ),
      ['advanced-tool-use-2025-11-20', 'tool-search-tool-2025-10-19'] as const,
    ]),
  ],
])

/** The flags of an `anthropic-beta` header as a provider takes them, null when none is left. */
export function filterBetas(header: string, providerId: string): string | null {
  const table = tables.get(providerId)
  if (table === undefined) return header
  const flags = header.split(',').map((flag) => table.get(flag.trim()))
  const accepted = new Set(flags.filter((flag) => flag !== undefined))
  return accepted.size === 0 ? null : [...accepted].join(',')
}
