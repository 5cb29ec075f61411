import { marker } from './marker.ts'
import { redactPemBlocks } from './pem-blocks.ts'
import { TriggerScanner } from './trigger-scanner.ts'
import { redactUrlPasswords } from './url-passwords.ts'

/**
 * Where a token may begin: after anything but a letter or digit, after a percent escape, or after the escape of a
 * control character in a JSON string. "task-list" must not count as a key that begins with `sk-`.
 */
const tokenStart = String.raw`(?:(?<![A-Za-z0-9])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[bfnrt])|(?<=\\u[0-9A-Fa-f]{4}))`

/** Published prefixes of provider, cloud and repository keys; what follows is their alphabet and `*` of masked ones. */
const keyPrefixes = [
  'sk-|csk-|[rps]k_live_|[rps]k_test_|gsk_|xai-|pplx-|nvapi-|fw_|hf_|r8_|tvly-|jina_|tgp_v1_|sess-|whsec_',
  'gh[oprsu]_|github_pat_|glpat-|npm_|dop_v1_|xox[abeoprs]-|xapp-|ya29\\.|GOCSPX-|SG\\.|AQ\\.|bedrock-api-key-',
]
const prefixedKeys = new RegExp(
  `(?:sk-(?:riq|ant|proj|or|svcacct)-|${tokenStart}(?:${keyPrefixes.join('|')}))[A-Za-z0-9_*-][A-Za-z0-9_*.-]{2,}[A-Za-z0-9_*-]`,
  'g',
)

/** Cloud key ids, Google keys, Bedrock and Databricks keys, and tokens that are base64 of a JSON object (JWT, JWE). */
const keyShapes = [
  'A(?:KIA|SIA|BIA|CCA|ROA|IDA)[A-Z0-9]{12,}|AIza[A-Za-z0-9_-]{16,}|ABSK[A-Za-z0-9+/=]{24,}|dapi[a-f0-9]{32}',
  'eyJ[A-Za-z0-9_-]{12,}(?:\\.[A-Za-z0-9_-]+){0,4}',
]
const shapedKeys = new RegExp(`${tokenStart}(?:${keyShapes.join('|')})`, 'g')

const bearerValues = /\b(bearer(?:[ \t+]|%20){1,4})[A-Za-z0-9._~+/=%:|*-]{6,}/gi
/** An English word after "basic" is not a credential; base64 has an upper-case letter, a digit or a sign in it. */
const basicValues =
  /\b((?:[bB]asic|BASIC)(?:[ \t+]|%20){1,4})(?=[A-Za-z]?[a-z]*[0-9A-Z+/=])[A-Za-z0-9+/=%_-]{6,}/g

/** `password=…`, `"api_key": "…"`, `x-api-key: …`, also in a JSON string inside another. */
const secretNames = [
  'password|passwd|passphrase|\\bpwd|(?:client|app|signing|webhook|shared)[_-]?secret|secret[_-]?(?:access[_-]?)?key',
  'api[_-]?key|(?:access|refresh|id|auth|session|security)[_-]?token|(?:private|salt|master)[_-]?key',
  '(?:account|access)key|authorization|[?&](?:key|token|sig|signature|code)|amz-signature',
]
const namedValues = new RegExp(
  `(${secretNames.join('|')})(["'\\\\]{0,4}[ \\t]{0,2}[:=][ \\t]{0,2}["'\\\\]{0,4})` +
    `(?!bearer\\b|basic\\b|null\\b|false\\b)[^\\s"'\\\\,;&<>{}()\\[\\]]{5,}`,
  'gi',
)

const pem = 1
const prefixed = 2
const shaped = 4
const scheme = 8
const named = 16
const url = 32

/**
 * What each rule needs to be there at all. Rare fragments rather than whole words, because a first fragment such
 * as `api` or `acc` would be met, and rejected, in every line.
 */
const triggers = new TriggerScanner([
  [pem, '-----begin'],
  [
    prefixed,
    'sk- k_live_ k_test_ gsk_ xai- pplx- nvapi- fw_ hf_ r8_ tvly- jina_ gp_v1_ sess- whsec_ gho_ ghp_ ghr_ ghs_ ghu_ ' +
      'hub_pat_ glpat- npm_ dop_v1_ xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp- ya29. gocspx- sg. aq. k-api-key-',
  ],
  [shaped, 'akia asia abia acca aroa aida aiza absk dapi eyj'],
  [scheme, 'earer asic'],
  [
    named,
    'ssword sswd sphrase pwd cret i_key ikey i-key e_key ekey e-key t_key tkey t-key r_key rkey r-key s_key skey s-key ' +
      's_tok stok s-tok h_tok htok h-tok d_tok dtok d-tok ssion_tok ssiontok ssion-tok y_tok ytok y-tok horization ?key= &key= ' +
      '?token= &token= ?sig= &sig= ?signature= &signature= ?code= &code= amz-signature accountkey',
  ],
  [url, '://'],
])

/** Replaces everything that looks like a credential, in linear time. */
export function redactPatterns(text: string): string {
  const found = triggers.scan(text)
  if (found === 0) return text
  let result = found & url && text.includes('@') ? redactUrlPasswords(text) : text
  if (found & pem) result = redactPemBlocks(result)
  if (found & shaped) result = result.replace(shapedKeys, marker)
  if (found & prefixed) result = result.replace(prefixedKeys, marker)
  if (found & scheme) result = result.replace(bearerValues, `$1${marker}`).replace(basicValues, `$1${marker}`)
  return found & named ? result.replace(namedValues, `$1$2${marker}`) : result
}
