import { GatewayError } from '@routeiq/contract'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import { formatDetail } from './format-entry.ts'
import { openRoute, type RegistryRoutesDependencies, requireEntry } from './registry-context.ts'

const maxListed = 100
const markdown = [
  'content-type',
  'text/markdown; charset=utf-8',
  'x-content-type-options',
  'nosniff',
] as const
const jsonSuffix = '.json'

type Deps = Pick<RegistryRoutesDependencies, 'identity' | 'publicRead' | 'registry'>

/** Public skills as plain text: `/s/{slug}/SKILL.md`, `/s/{slug}@{n}/SKILL.md`, `/s/{slug}.json`, `/llms.txt`. */
export function publicTextRoutes(deps: Deps): Route<Endpoint>[] {
  const { registry } = deps
  return [
    openRoute(deps, '/s/{slug}/SKILL.md', async ({ params }) => {
      const text = await readSkillMd(deps, params['slug'] ?? '')
      return { headers: markdown, body: Buffer.from(text) }
    }),
    openRoute(deps, '/s/{slug}', async ({ params }) => {
      const file = params['slug'] ?? ''
      if (!file.endsWith(jsonSuffix)) throw new GatewayError('not_found', 'Not Found')
      const entry = await requireEntry(registry, file.slice(0, -jsonSuffix.length))
      return { body: formatDetail(entry, undefined) }
    }),
    openRoute(deps, '/llms.txt', async () => {
      const filters = {
        text: '',
        exactName: null,
        category: null,
        tags: [],
        badge: null,
        measuredOnly: false,
      }
      const { entries } = await registry.search({
        ...filters,
        sort: 'popular',
        limit: maxListed,
        after: null,
      })
      const lines = entries.map(
        ({ name, urlSlug, description }) => `- [${name}](/s/${urlSlug}/SKILL.md): ${oneLine(description)}`,
      )
      return { headers: ['content-type', 'text/plain; charset=utf-8'], body: Buffer.from(llmsText(lines)) }
    }),
  ]
}

async function readSkillMd({ registry }: Deps, reference: string): Promise<string> {
  const [, slug = reference, number] = /^(.+)@(\d{1,9})$/.exec(reference) ?? []
  const entry = await requireEntry(registry, slug)
  if (number === undefined) return entry.skillMd
  const text = await registry.readVersion(entry.skillId, Number(number))
  if (text !== null) return text
  throw new GatewayError('not_found', `The skill ${slug} has no public version ${number}.`)
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ')

function llmsText(lines: readonly string[]): string {
  const head = '# Skills\n\n> Instruction bundles for agents, as markdown.\n'
  return lines.length === 0 ? head : `${head}\n## Skills\n\n${lines.join('\n')}\n`
}
