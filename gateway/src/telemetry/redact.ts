import { redactPatterns } from './redaction/patterns.ts'
import { listSecretForms } from './redaction/secret-forms.ts'
import { SecretScanner } from './redaction/secret-scanner.ts'

/** Removes credentials from text bound for a log, an error body, a trace or a metric label. */
export interface Redactor {
  /** Linear in the length of the text; returns the same string when there is nothing to hide. Never throws. */
  readonly redactText: (text: string) => string
  /**
   * Adds loaded secrets, which are then found verbatim, JSON-escaped, URL-encoded and inside base64.
   * Those shorter than 8 characters are ignored. Earlier ones stay, since a rotated key is still a key.
   */
  readonly addSecrets: (secrets: Iterable<string>) => void
  /** Changes whenever a secret was learned: what was redacted before that may have to be redacted again. */
  readonly revision: number
}

const maximumPasses = 8

export function createRedactor(secrets: Iterable<string> = []): Redactor {
  const known = new Set<string>()
  let scanner: SecretScanner | null = null
  let revision = 0
  const addSecrets = (added: Iterable<string>): void => {
    const before = known.size
    for (const secret of added) for (const form of listSecretForms(secret)) known.add(form)
    if (known.size === before) return
    scanner = new SecretScanner([...known])
    revision += 1
  }
  addSecrets(secrets)
  const redactOnce = (text: string): string =>
    redactPatterns(scanner === null ? text : scanner.replaceAll(text))
  return {
    redactText: (text) => repeatUntilStable(redactOnce, text),
    addSecrets,
    get revision() {
      return revision
    },
  }
}

/** Redaction by pattern alone, where no configured secret can be: upstream errors, labels. Same properties. */
export function redactText(text: string): string {
  return repeatUntilStable(redactPatterns, text)
}

/** What one rule took away may complete the shape another rule looks for. Clean text needs no second pass. */
function repeatUntilStable(redactOnce: (text: string) => string, text: string): string {
  let result = redactOnce(text)
  let before = text
  for (let pass = 1; pass < maximumPasses && result !== before; pass++) {
    before = result
    result = redactOnce(result)
  }
  return result
}
