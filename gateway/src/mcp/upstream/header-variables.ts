import { headerReference } from '../../config/settings/mcp-server-body.ts'

/**
 * The variables of a program, where `${X-Name}` is the value of a header that the client sent and the operator lets
 * through. A variable whose header was not sent is left out. `letThrough` and `headers` have lower-case names.
 */
export function fillVariables(
  variables: Readonly<Record<string, string>>,
  letThrough: readonly string[],
  headers: Readonly<Record<string, string>>,
): Record<string, string> {
  const filled: Record<string, string> = {}
  for (const [name, template] of Object.entries(variables)) {
    let isComplete = true
    const value = template.replace(headerReference, (_, written: string) => {
      const header = written.toLowerCase()
      const sent = letThrough.includes(header) ? headers[header] : undefined
      isComplete &&= sent !== undefined
      return sent ?? ''
    })
    if (isComplete) filled[name] = value
  }
  return filled
}
