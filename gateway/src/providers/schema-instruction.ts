/** The instruction that stands in for a schema the provider cannot enforce. */
export function formatSchemaInstruction(schema: unknown): string {
  return `Answer with one JSON object and nothing else. It must be valid against this JSON schema:\n${JSON.stringify(schema)}`
}

/** The instruction for plain JSON mode. */
export const jsonInstruction = 'Answer with one JSON object and nothing else.'
