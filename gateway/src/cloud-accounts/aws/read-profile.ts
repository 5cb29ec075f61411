import { type AwsCredentials, formatCredentials } from './aws-credentials.ts'

/**
 * The access keys of a profile in AWS's shared credentials file, as the text a grant hands on. Errors: throws an Error
 * when the file has no such profile, or the profile has no keys (a role, single sign-on, a process).
 */
export function readProfile(content: string, name: string): string {
  const settings = findSection(content, name)
  if (settings === null) throw new Error(`it has no profile ${name}`)
  const accessKeyId = settings.get('aws_access_key_id')
  const secretAccessKey = settings.get('aws_secret_access_key')
  if (accessKeyId === undefined || secretAccessKey === undefined)
    throw new Error(`its profile ${name} has no access keys`)
  const credentials: AwsCredentials = {
    accessKeyId,
    secretAccessKey,
    sessionToken: settings.get('aws_session_token') ?? null,
  }
  return formatCredentials(credentials)
}

/** `[name]` or `[profile name]` of an INI file, null when it is not there. */
function findSection(content: string, name: string): ReadonlyMap<string, string> | null {
  let section: Map<string, string> | null = null
  let isIn = false
  for (const line of content.split(/\r?\n/)) {
    const heading = /^\s*\[\s*(?:profile\s+)?(.*?)\s*\]/.exec(line)
    if (heading !== null) {
      isIn = heading[1] === name
      if (isIn) section ??= new Map()
      continue
    }
    const setting = isIn ? /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line) : null
    if (setting !== null) section?.set(setting[1] ?? '', setting[2] ?? '')
  }
  return section
}
