const accepted = [
  'computer-use-2024-10-22',
  'computer-use-2025-01-24',
  'computer-use-2025-11-24',
  'token-efficient-tools-2025-02-19',
  'interleaved-thinking-2025-05-14',
  'output-128k-2025-02-19',
  'dev-full-thinking-2025-05-14',
  'context-1m-2025-08-07',
  'context-management-2025-06-27',
  'effort-2025-11-24',
  'tool-search-tool-2025-10-19',
  'tool-examples-2025-10-29',
  'fine-grained-tool-streaming-2025-05-14',
]

/** Anthropic's beta features that Bedrock knows, by the name Anthropic gives them → the name Bedrock does. */
export const allowedBetas: ReadonlyMap<string, string> = new Map([
  ...accepted.map((beta) => [beta, beta] as const),
  ['advanced-tool-use-2025-11-20', 'tool-search-tool-2025-10-19'],
])
