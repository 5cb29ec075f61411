/** The form every wire takes. */
const strictSegment = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
/** What lenient readers also take: letters and digits of any script, `_` and `.`. */
const lenientSegment = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}._-]*[\p{L}\p{M}\p{N}])?$/u
const maxSegment = 64

/** Words that stand where a name could stand in an address. */
const reserved: ReadonlySet<string> = new Set(
  'menu route hashes sync reembed analytics routing installs snapshot skills validate'.split(' '),
)
/** Words that stand behind a name in an address, so no second segment may be one. */
const suffixes: ReadonlySet<string> = new Set([
  ...['body', 'versions', 'attachments', 'publish', 'unpublish', 'merge-upstream', 'router-stats'],
  ...['effectiveness', 'benchmark', 'checks'],
  // In the registry.
  ...['fork', 'use', 'rate', 'install', 'eval', 'activations', 'bundle'],
])

/** Whether every wire takes this name. */
export function isStrictName(name: string): boolean {
  return name.length <= maxSegment && strictSegment.test(name)
}

/** Why a name of one segment (a directory, a frontmatter) cannot be taken even leniently; null when it can. */
export function refuseSegment(name: string): string | null {
  if (name === '') return 'a name is required'
  if ([...name].length > maxSegment) return `a name has at most ${maxSegment} characters`
  if (name !== name.normalize('NFKC')) return 'write the name in Unicode NFKC form'
  if (lenientSegment.test(name)) return null
  return 'a name holds letters, digits, "-", "_" and ".", and begins and ends with a letter or digit'
}

/** Why the name of a stored skill, `skill` or `owner/skill`, cannot be taken; null when it can. */
export function refuseSkillName(name: string): string | null {
  const [first = '', second, ...more] = name.split('/')
  if (more.length > 0) return 'a name has at most one "/"'
  const refusal = refuseSegment(first) ?? (second === undefined ? null : refuseSegment(second))
  if (refusal !== null) return refusal
  if (reserved.has(first)) return `"${first}" is reserved`
  if (second !== undefined && suffixes.has(second)) return `"${second}" is reserved behind "/"`
  return null
}

/** The directory of a skill: the part of its name behind the slash. */
export function directoryOf(name: string): string {
  return name.slice(name.indexOf('/') + 1)
}
