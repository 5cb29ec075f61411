/** What stands in the place of a secret. No pattern matches it, so that redaction may be repeated. */
export const marker = '[REDACTED]'
