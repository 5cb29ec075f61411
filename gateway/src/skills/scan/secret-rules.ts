import type { PatternRule } from './pattern-rule.ts'

/** A secret of documentation: says so, or hardly has any characters of its own. */
function isPlaceholder(secret: string): boolean {
  if (/example|placeholder|your|dummy|fake|sample|redacted|xxxx|\.\.\./i.test(secret)) return true
  return new Set(secret.slice(4)).size < 8
}

const isPlaceholderPassword = (match: string): boolean => {
  const password =
    /:\/\/[^:@\s]*:([^@\s]*)@/.exec(match)?.[1] ?? /["']([^"']+)["']$/.exec(match)?.[1] ?? match
  if (/^[<{[$%*]|[>}\]*]$/.test(password)) return true
  return /^(?:pass(?:word|wd)?|pw|secret|change[-_]?me|postgres|root|admin|test|user|guest|example|xxx+)\d*$|example|placeholder|your|dummy|env\b|secret_here/i.test(
    password,
  )
}

const secret = (hints: readonly string[], what: string, pattern: RegExp): PatternRule => ({
  check: 'live_secret',
  severity: 'critical',
  message: `This looks like ${what}. Revoke it, and let the reader bring its own.`,
  hints,
  pattern,
  isSecret: true,
  excuses: isPlaceholder,
})

/** Forms of keys that their issuers publish. */
export const secretRules: readonly PatternRule[] = [
  secret(['akia', 'asia'], 'an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g),
  secret(['ghp_', 'gho_', 'ghs_', 'ghu_', 'ghr_'], 'a GitHub token', /\bgh[pousr]_[A-Za-z0-9]{36}\b/g),
  secret(['github_pat_'], 'a GitHub token', /\bgithub_pat_[A-Za-z0-9_]{60,100}\b/g),
  secret(['glpat-'], 'a GitLab token', /\bglpat-[A-Za-z0-9_-]{20,40}/g),
  secret(['sk-'], 'a key of a model provider', /\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,200}/g),
  secret(['sk_live_', 'rk_live_'], 'a Stripe key', /\b[sr]k_live_[A-Za-z0-9]{20,100}/g),
  secret(['xox'], 'a Slack token', /\bxox[abeprs]-[A-Za-z0-9-]{20,200}/g),
  secret(['aiza'], 'a Google API key', /\bAIza[0-9A-Za-z_-]{35}/g),
  secret(['hf_'], 'a Hugging Face token', /\bhf_[A-Za-z0-9]{34}\b/g),
  secret(['npm_'], 'an npm token', /\bnpm_[A-Za-z0-9]{36}\b/g),
  {
    ...secret(
      ['private key'],
      'a private key',
      /-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY-----\s{0,4}[A-Za-z0-9+/=]{16,76}/g,
    ),
    excuses: (match) => /example|your|\.\.\./i.test(match),
  },
  {
    check: 'data_credentials',
    severity: 'critical',
    message: 'A connection string holds a password. Read it from the environment instead.',
    hints: ['://'],
    pattern:
      /\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|rediss?|amqps?|mssql|ftp|https?):\/\/[^\s:@/"'`<>]{1,64}:[^\s:@/"'`]{4,100}@[\w.-]{1,100}/g,
    isSecret: true,
    excuses: isPlaceholderPassword,
  },
  {
    check: 'data_credentials',
    severity: 'warning',
    message: 'A password stands in the text. Read it from the environment instead.',
    hints: ['password', 'passwd', 'api_key', 'apikey', 'secret'],
    pattern:
      /\b(?:password|passwd|api_?key|client_secret|secret_key)["']?\s{0,4}[:=]\s{0,4}["'][^"'\s]{8,100}["']/gi,
    isSecret: true,
    excuses: isPlaceholderPassword,
  },
]
