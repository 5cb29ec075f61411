import { headLine } from '../../http/server/head-line.ts'
import type { SkillsOutcome } from '../../injection/skills-outcome.ts'

const maxNames = 50
const maxLength = 2_000

/** The head lines that tell of skills. `isWhole`: the answer is complete, so that what was loaded is known. */
export function describeSkills(outcome: SkillsOutcome, isWhole: boolean): string {
  const { mode, routingId, offered, hinted, degradedReason, skipped, dropped } = outcome
  let lines = headLine('x-routeiq-skills-mode', mode)
  if (dropped.length > 0) lines += headLine('x-routeiq-skills-dropped', listNames(dropped))
  if (skipped !== null) return lines + headLine('x-routeiq-skills-skipped', skipped)
  if (routingId !== null) lines += headLine('x-routeiq-routing-id', routingId)
  lines +=
    headLine('x-routeiq-skills-offered', listNames(offered)) +
    headLine('x-routeiq-skills-offered-count', String(offered.length)) +
    headLine('x-routeiq-skills-selected', listNames(hinted))
  if (degradedReason !== null) lines += headLine('x-routeiq-skills-degraded', degradedReason)
  if (!isWhole) return lines
  return (
    lines +
    headLine('x-routeiq-skills-loaded', listNames(loadedNames(outcome))) +
    headLine('x-routeiq-skills-upstream-calls', String(outcome.upstreamCalls))
  )
}

/** The same at the end of a stream, where no header can tell it. */
export function describeSkillsComment(outcome: SkillsOutcome): string {
  const loaded = listNames(loadedNames(outcome))
  return `: x-routeiq-skills-loaded=${loaded} x-routeiq-skills-upstream-calls=${outcome.upstreamCalls}\n\n`
}

const loadedNames = ({ loaded }: SkillsOutcome): string[] =>
  loaded.filter(({ asked }) => asked).map(({ name }) => name)

/** Names that no header can hold are written as URLs write them. */
function listNames(names: readonly string[]): string {
  let list = ''
  for (const [at, name] of names.entries()) {
    const written = /^[\x21-\x2b\x2d-\x7e]+$/.test(name) ? name : encodeURIComponent(name)
    if (at === maxNames || list.length + written.length > maxLength) return `${list},…`.replace('…', '...')
    list += at === 0 ? written : `,${written}`
  }
  return list
}
