import { createHash } from 'node:crypto'
import type { AccountConfig } from '../../providers/wire.ts'
import type { GrantStep, TokenGrant } from '../../transport/authorization.ts'
import { type AwsRole, assumeRole, assumeRoleWithWebIdentity } from './assume-role.ts'
import type { AwsCredentials } from './aws-credentials.ts'
import { readProfile } from './read-profile.ts'

type Account = AccountConfig['account']

const defaultCredentialsFile = '~/.aws/credentials'

/**
 * What an account signs with: access keys, a profile of the shared credentials file, or a web identity, each of which
 * may take on a role. Null when it has none of them. Errors: throws an Error for settings that do not fit together.
 */
export function findCredentials(account: Account, region: string): AwsCredentials | TokenGrant | null {
  const { steps, keys, isRoleTaken } = findIdentity(account, region)
  const arn = isRoleTaken ? undefined : account['aws_role_name']
  if (arn === undefined) return keys ?? grantOf(account, region, steps)
  if (keys === null && steps.length === 0)
    throw new Error(
      '`aws_role_name` also needs access keys, a profile or a web identity to take the role with',
    )
  return grantOf(account, region, [...steps, assumeRole(roleOf(account, region, arn), keys)])
}

interface Identity {
  readonly keys: AwsCredentials | null
  readonly steps: readonly GrantStep[]
  /** The role that is configured is the one of the web identity. */
  readonly isRoleTaken: boolean
}

/** Who the account is before it takes on a role; what is written for the model goes before what the machine has. */
function findIdentity(account: Account, region: string): Identity {
  const written = account['aws_web_identity_token']
  if (written !== undefined) {
    const arn = account['aws_role_name']
    if (arn === undefined) throw new Error('`aws_web_identity_token` also needs `aws_role_name`')
    return { keys: null, steps: webIdentitySteps(written, roleOf(account, region, arn)), isRoleTaken: true }
  }
  const profile = account['aws_profile_name']
  if (profile !== undefined) {
    const path = account['aws_shared_credentials_file'] ?? defaultCredentialsFile
    const step: GrantStep = { kind: 'file', path, read: (content) => readProfile(content, profile) }
    return { keys: null, steps: [step], isRoleTaken: false }
  }
  const keys = readKeys(account)
  const file = account['aws_web_identity_token_file']
  const arn = account['aws_role_arn']
  if (keys !== null || file === undefined || arn === undefined) return { keys, steps: [], isRoleTaken: false }
  return { keys, steps: webIdentitySteps(file, roleOf(account, region, arn)), isRoleTaken: false }
}

function readKeys(account: Account): AwsCredentials | null {
  const accessKeyId = account['aws_access_key_id']
  const secretAccessKey = account['aws_secret_access_key']
  if (accessKeyId === undefined || secretAccessKey === undefined) return null
  return { accessKeyId, secretAccessKey, sessionToken: account['aws_session_token'] ?? null }
}

/** A token as text, or the file it is in: a path, or `oidc/file/` before one. */
function webIdentitySteps(token: string, role: AwsRole): readonly GrantStep[] {
  const path = token.startsWith('oidc/file/') ? token.slice('oidc/file'.length) : token
  if (token.startsWith('oidc/') && path === token)
    throw new Error('`aws_web_identity_token` may be a token, the path of a file, or `oidc/file/<path>`')
  if (!path.startsWith('/')) return [assumeRoleWithWebIdentity(role, token)]
  return [{ kind: 'file', path, read: (content) => content.trim() }, assumeRoleWithWebIdentity(role, null)]
}

function roleOf(account: Account, region: string, arn: string): AwsRole {
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'
  const address = account['aws_sts_endpoint'] ?? `https://sts.${region}.${domain}`
  if (!URL.canParse(address)) throw new Error('`aws_sts_endpoint` is not a URL')
  return {
    arn,
    sessionName: account['aws_session_name'] ?? 'routeiq',
    externalId: account['aws_external_id'] ?? null,
    region,
    endpoint: new URL(address),
  }
}

/** Accounts that are configured alike share their credentials. */
function grantOf(account: Account, region: string, steps: readonly GrantStep[]): TokenGrant | null {
  const [first, ...others] = steps
  if (first === undefined) return null
  const identity = JSON.stringify([region, Object.entries(account).sort()])
  return {
    kind: 'token',
    account: createHash('sha256').update(identity).digest('hex'),
    steps: [first, ...others],
  }
}
