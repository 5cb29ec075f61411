import { apart, type PatternRule, rule } from './pattern-rule.ts'

const remoteCode = rule(
  'remote_code_execution',
  'critical',
  'Code is fetched and run without anybody having seen it.',
)
const shell = rule('reverse_shell', 'critical', 'A shell is connected to a socket.')
const destructive = rule(
  'destructive_commands',
  'critical',
  'The command destroys a system or all data of a user.',
)
const dropping = rule('destructive_commands', 'warning', 'The command deletes more than a skill should.')

const interpreter =
  '(?:sudo\\s{1,3})?(?:/(?:usr/)?bin/)?(?:ba|z|da|k)?sh\\b|(?:sudo\\s{1,3})?(?:python3?|node|perl|ruby|php)\\b(?!\\s{1,3}-m\\s{1,3}json)'

/** What ends a command of a shell. */
const commandEnds = '\n|;'

/** Commands no skill needs. */
export const commandRules: readonly PatternRule[] = [
  remoteCode(
    ['curl', 'wget'],
    apart(/\b(?:curl|wget)\s/gi, 300, new RegExp(`\\|\\s{0,4}(?:${interpreter})`, 'gi'), commandEnds),
  ),
  remoteCode(
    ['curl', 'wget'],
    /\b(?:ba|z|da)?sh\s{1,3}(?:-c\s{1,3})?(?:<\(|["']?\$\()\s{0,3}(?:curl|wget)\s/gi,
  ),
  remoteCode(['eval', 'source'], /\b(?:eval|source)\s{1,3}(?:["']?\$\(|<\()\s{0,3}(?:curl|wget)\s/gi),
  remoteCode(
    ['iex', 'invoke-expression'],
    apart(
      /\b(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring)\b/gi,
      200,
      /\|\s{0,4}(?:iex|invoke-expression)\b/gi,
    ),
  ),
  remoteCode(
    ['iex', 'invoke-expression'],
    apart(/\b(?:iex|invoke-expression)\b/gi, 80, /\b(?:downloadstring|iwr|irm|invoke-webrequest)\b/gi),
  ),
  remoteCode(
    ['exec', 'eval'],
    /\b(?:exec|eval)\s{0,3}\(\s{0,3}(?:compile\s{0,3}\(\s{0,3})?(?:requests\.get|urllib\.request\.urlopen|urlopen|httpx\.get|await\s{1,3}\(?\s{0,3}(?:await\s{1,3})?fetch|base64\.b64decode|atob|codecs\.decode|zlib\.decompress|Buffer\.from\()/gi,
  ),
  remoteCode(
    ['base64'],
    apart(
      /\bbase64\s{1,3}(?:-d|-D|--decode)\b/g,
      100,
      new RegExp(`\\|\\s{0,4}(?:${interpreter})`, 'g'),
      commandEnds,
    ),
  ),
  shell(['/dev/tcp', '/dev/udp'], /\/dev\/(?:tcp|udp)\/[\w.${-]{1,100}\/\S{1,20}/gi),
  shell(
    ['nc ', 'ncat', 'netcat'],
    apart(
      /\b(?:nc|ncat|netcat)\s/gi,
      82,
      /(?<=\s)(?:-[a-z]{0,6}e[a-z]{0,3}|--exec|-c)\s{1,3}(?:\/bin\/)?(?:ba|z|da)?sh\b/gi,
      commandEnds,
    ),
  ),
  shell(['mkfifo'], apart(/\bmkfifo\b/gi, 200, /\b(?:nc|ncat|netcat|openssl s_client)\b/gi)),
  shell(['socat'], apart(/\bsocat\b/gi, 200, /\bexec:["']?(?:\/bin\/)?(?:ba|z|da)?sh\b/gi)),
  shell(['dup2'], /\bos\.dup2\(\s{0,3}\w{1,30}\.fileno\(\)/g),
  shell(['bash -i', 'sh -i'], /\b(?:ba|z)?sh\s{1,3}-i\s{1,3}(?:>&|[0-9]?>&|<&)/gi),
  destructive(
    ['rm '],
    /\brm\s{1,3}(?:-[a-zA-Z-]{1,20}\s{1,3}){1,4}(?:--no-preserve-root\s{1,3})?["']?(?:\/(?:\*|etc|usr|var|home|bin|boot|lib|root|System|Users)?|~\/?|\$\{?HOME\}?\/?|\*)["']?(?:\*)?(?=\s|$|[;&|`)])/gm,
    (match) => !/\s-[a-zA-Z]{0,10}[rR]|--recursive/.test(match),
  ),
  destructive(['mkfs'], apart(/\bmkfs(?:\.\w{2,8})?\s/g, 62, /\/dev\/\w{2,20}/g)),
  destructive(['of=/dev/'], apart(/\bdd\s/g, 120, /\bof=\/dev\/(?:sd|nvme|hd|vd|disk|mmcblk)\w{0,10}/g)),
  destructive(['/dev/'], />\s{0,3}\/dev\/(?:sd[a-z]|nvme\d|hd[a-z]|disk\d)/g),
  destructive([':(){', ':() {'], /:\(\)\s{0,3}\{\s{0,3}:\s{0,3}\|\s{0,3}:\s{0,3}&\s{0,3}\}/g),
  destructive(
    ['rmtree', 'rmsync', 'fs.rm'],
    /\b(?:shutil\.rmtree|fs\.rm(?:Sync)?)\(\s{0,3}(?:["'](?:\/|~|C:\\{1,2})["']|os\.path\.expanduser\(\s{0,3}["']~["']\s{0,3}\)|Path\.home\(\)|os\.homedir\(\))/g,
  ),
  destructive(['format ', 'del /'], /\bformat\s{1,3}c:|\bdel\s{1,3}(?:\/[fsq]\s{1,3}){1,3}(?:c:\\|\*)/gi),
  dropping(
    ['drop database', 'drop schema', 'truncate'],
    /\bdrop\s{1,3}(?:database|schema)\s{1,3}(?!if exists test)\w{1,64}/gi,
  ),
  dropping(['chmod'], /\bchmod\s{1,3}-R\s{1,3}0?777\s{1,3}\/(?=\s|$)/gm),
]
