import type { McpConfig } from '../../config/config.ts'
import type { Definition } from '../catalogue/definition.ts'
import type { McpRegistry } from '../registry/mcp-registry.ts'
import { aliasOf, type McpServer } from '../server.ts'

/** Letters of other scripts that look like Latin ones. */
const lookAlikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    а: 'a',
    е: 'e',
    о: 'o',
    р: 'p',
    с: 'c',
    х: 'x',
    у: 'y',
    і: 'i',
    ј: 'j',
    ѕ: 's',
    ԁ: 'd',
    ο: 'o',
    α: 'a',
    ν: 'v',
  }),
)

/**
 * The definitions of a server that would take, or imitate, a name under which callers know a tool of another server. What was
 * approved first keeps its name.
 */
export function listClashing(
  registry: Pick<McpRegistry, 'servers' | 'pins'>,
  server: McpServer,
  definitions: readonly Definition[],
  toolPrefix: McpConfig['toolPrefix'],
): ReadonlySet<Definition> {
  const own = server.settings.serverId
  const aliases = new Map(registry.servers.map((one) => [one.settings.serverId, aliasOf(one)]))
  const emit = (alias: string, name: string): string =>
    foldName(toolPrefix === 'always' ? `${alias}-${name}` : name)
  const taken = new Set(
    [...registry.pins].flatMap(({ serverId, kind, name }) => {
      const alias = aliases.get(serverId)
      return serverId === own || kind === 'template' || alias === undefined ? [] : [emit(alias, name)]
    }),
  )
  const alias = aliasOf(server)
  const isImitation = taken.has(foldName(alias))
  return new Set(
    definitions.filter(
      ({ kind, name }) => kind !== 'template' && (isImitation || taken.has(emit(alias, name))),
    ),
  )
}

/** Equal for names that people or models would take for each other. */
function foldName(name: string): string {
  const plain = name
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/[\p{Cf}\s]/gu, '')
  return [...plain].map((letter) => lookAlikes.get(letter) ?? letter).join('')
}
