export type Severity = 'critical' | 'warning' | 'info'

export type CheckName =
  | 'live_secret'
  | 'data_credentials'
  | 'prompt_injection'
  | 'anti_refusal'
  | 'trigger_abuse'
  | 'remote_code_execution'
  | 'reverse_shell'
  | 'destructive_commands'
  | 'data_exfiltration'
  | 'ssrf_metadata'
  | 'suspicious_url'
  | 'agent_snooping'
  | 'hidden_text'
  | 'opaque_blob'
  | 'binary_payload'
  | 'tool_overreach'

/** Something in a skill that a person should look at. */
export interface Finding {
  readonly check: CheckName
  readonly severity: Severity
  readonly message: string
  /** Below the skill's directory. */
  readonly file: string
  /** From 1. */
  readonly line: number
  /** What was found, short, with secrets masked. */
  readonly evidence?: string
}

const maxEvidence = 120

/** Text fit to be shown: one line, no invisible characters, short. */
export function showEvidence(text: string): string {
  const visible = text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return visible.length > maxEvidence ? `${visible.slice(0, maxEvidence)}…` : visible
}

/** The first four characters, so that its owner knows which secret it is. */
export function maskSecret(secret: string): string {
  return `${secret.slice(0, 4)}…[masked, ${secret.length} characters]`
}
