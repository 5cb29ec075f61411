import { apart, type PatternRule, rule } from './pattern-rule.ts'

const exfiltration = rule('data_exfiltration', 'critical', 'Local data is sent to somewhere else.')
const collector = rule('data_exfiltration', 'warning', 'The address collects whatever is sent to it.')
const metadata = rule('ssrf_metadata', 'critical', 'Credentials of the cloud machine are asked for.')
const metadataAddress = rule('ssrf_metadata', 'warning', 'The metadata address of a cloud machine is named.')
const url = (message: string) => rule('suspicious_url', 'warning', message)
const credentials = rule('agent_snooping', 'critical', 'Credentials of the user are read.')
const snooping = rule('agent_snooping', 'warning', "An agent's own configuration or history is read.")

const localFiles =
  '(?:~\\/\\.|\\$\\{?HOME\\}?\\/\\.|\\/etc\\/(?:passwd|shadow)|\\.env\\b|id_rsa|id_ed25519|\\.ssh\\/|credentials)'
const reading =
  /\b(?:cat|head|tail|less|type|read|open|cp|copy|scp|tar|grep|load|parse|readFile(?:Sync)?|read_text|print)\b/gi

/** Addresses nobody outside can reach, and those set aside for documentation. */
const isHarmlessAddress = (match: string): boolean =>
  /\/\/(?:127\.|10\.|0\.0\.0\.0|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|169\.254\.|192\.0\.2\.|198\.51\.100\.|203\.0\.113\.|1\.2\.3\.4)/.test(
    match,
  )

const lines = '\n'
const sendingFlag =
  /(?:-d|--data(?:-binary|-raw|-urlencode)?|-F|--form|-T|--upload-file|--post-file=?)[\s=]{1,3}/gi
const dumping = /\b(?:cat|tar|env|printenv|base64)\b/gi
const curling = /\bcurl\s/gi
const toPipe = { within: 220, barriers: '\n|', next: /\|/g }
const namesNothingLocal = (match: string): boolean =>
  !/env\b|printenv|~\/\.|\$\{?HOME|\/etc\/(?:passwd|shadow)|\.env|id_rsa|id_ed25519|\.ssh|credentials/i.test(
    match,
  )

/** What a skill reaches for outside itself. */
export const reachRules: readonly PatternRule[] = [
  exfiltration(['curl', 'wget', 'http'], {
    first: /\b(?:curl|wget|http)\s/gi,
    links: [
      { within: 200, barriers: lines, next: sendingFlag },
      { within: 95, barriers: lines, next: new RegExp(localFiles, 'gi') },
    ],
  }),
  exfiltration(
    ['curl'],
    {
      first: dumping,
      links: [
        toPipe,
        { within: 80, barriers: lines, next: curling },
        { within: 100, barriers: lines, next: /-d|--data(?:-binary)?|-T|-F/gi },
      ],
    },
    namesNothingLocal,
  ),
  exfiltration(
    ['nc ', 'ncat'],
    { first: dumping, links: [toPipe, { within: 80, barriers: lines, next: /\b(?:nc|ncat)\s/gi }] },
    namesNothingLocal,
  ),
  exfiltration(
    ['send', 'post', 'upload', 'exfiltrate', 'forward', 'transmit'],
    apart(
      /\b(?:send|post|upload|exfiltrate|forward|transmit)\s{1,3}(?:(?:all|any|the|their|a copy of|every|user's|users|contents? of|full|entire)\s{1,3}){0,4}(?:conversation|chat history|credentials|api keys?|environment variables|secrets|passwords|tokens|private keys?|system prompt|ssh keys?)\b/gi,
      60,
      /\bto\s{1,3}(?:https?:\/\/|\S{1,60}@\S|this (?:url|webhook|address|endpoint))/gi,
      '.\n',
    ),
  ),
  exfiltration(
    ['os.environ', 'process.env'],
    apart(
      /\b(?:requests\.post|httpx\.post|axios\.post|fetch)\(/g,
      160,
      /dict\(os\.environ\)|os\.environ\b(?!\[|\.get)|JSON\.stringify\(process\.env\)/g,
    ),
  ),
  collector(
    [
      'webhook.site',
      'requestbin',
      'pipedream.net',
      'burpcollaborator',
      'oast.',
      'interact.sh',
      'ngrok',
      'beeceptor',
    ],
    /\bwebhook\.site|\brequestbin\.\w{2,4}|\w\.m\.pipedream\.net|\bburpcollaborator\.net|\boast\.\w{2,6}\b|\binteract\.sh|\w\.ngrok(?:-free)?\.(?:io|app|dev)|\bbeeceptor\.com/gi,
  ),
  metadata(
    ['meta-data', 'computemetadata', 'metadata/identity', 'metadata/instance', '/latest/api/token'],
    /(?:169\.254\.169\.254|metadata\.google\.internal|100\.100\.100\.200|\[fd00:ec2::254\])\/(?:latest\/(?:meta-data|user-data|api\/token)|computeMetadata|metadata\/)/gi,
  ),
  metadata(['metadata.google.internal'], apart(curling, 120, /metadata\.google\.internal/gi)),
  metadataAddress(
    ['169.254.169.254', '100.100.100.200', 'fd00:ec2::254', 'metadata.google.internal'],
    /\b(?:169\.254\.169\.254|100\.100\.100\.200|metadata\.google\.internal)\b(?!\/)|\[fd00:ec2::254\](?!\/)/gi,
  ),
  url('The address is a bare number; nobody can say whose it is.')(
    ['://'],
    /\bhttps?:\/\/(?:[^\s/@]{1,60}@)?\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?::\d{1,5})?/gi,
    isHarmlessAddress,
  ),
  url('The host name is written in punycode and may look like another.')(
    ['xn--'],
    apart(/\bhttps?:\/\//gi, 100, /xn--[a-z0-9-]{2,60}/gi, ' \t\r\n/'),
  ),
  url('A shortened address hides where it leads.')(
    ['bit.ly', 'tinyurl.com', 't.ly', 'is.gd', 'cutt.ly', 'rebrand.ly', 'goo.gl'],
    /\bhttps?:\/\/(?:bit\.ly|tinyurl\.com|t\.ly|is\.gd|cutt\.ly|rebrand\.ly|goo\.gl)\/\w{2,40}/gi,
  ),
  credentials(
    ['.ssh', '.aws', '.netrc', '.kube', 'gcloud', '.docker', 'login data', '.npmrc', '.git-credentials'],
    apart(
      reading,
      60,
      /\.ssh\/(?:id_\w{2,10}\b(?!\.pub)|\*)|\.aws\/credentials|\.netrc\b|\.kube\/config|\.config\/gcloud|\.docker\/config\.json|Login Data|\.npmrc\b|\.git-credentials/gi,
    ),
  ),
  snooping(
    ['.claude', '.cursor', '.codex', '.gemini', '.copilot', '_history', '.continue'],
    apart(
      reading,
      60,
      /\.claude(?:\.json|\/(?:settings|history|projects|\.credentials))|\.cursor\/(?:mcp|chats|User)|\.codex\/(?:auth|history|sessions)|\.gemini\/(?:oauth|settings)|\.continue\/sessions|\.(?:bash|zsh|python|node_repl)_history/gi,
    ),
  ),
]
