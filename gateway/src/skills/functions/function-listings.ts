import type { DescribedModule, FunctionSnapshot } from './function-catalogue.ts'
import { inputSchemaOf } from './value-schema.ts'

/** An entry of the discovery documents; a reference stands for a whole module. */
export type ListedItem = Readonly<Record<string, unknown>> & {
  readonly namespace: string
  readonly name: string
}

export interface Listing {
  readonly items: readonly ListedItem[]
  /** The namespace spans more modules than are listed. */
  readonly truncated: boolean
}

/** `index.json` of a namespace: its own items and what it pulls in, by the rules. Null when there is no such namespace. */
export function listNamespace(
  { modules }: FunctionSnapshot,
  namespace: string,
  cacheSize: number,
): Listing | null {
  const exclusive = modules.filter(isFirstOfItsGroup(modules))
  const own = exclusive.filter((module) => module.namespace === namespace)
  const below = modules.filter((module) => module.namespace.startsWith(`${namespace}.`))
  if (modules.every((module) => module.namespace !== namespace) && below.length === 0) return null
  const kept = own.slice(0, cacheSize)
  const names = new Set(modules.map((module) => module.namespace))
  const pulled =
    own.length === 0
      ? childrenOf(namespace, exclusive)
      : kept.flatMap(({ description }) => description.imports)
  const references = [...new Set(pulled)]
    .filter((name) => names.has(name) && name !== namespace)
    .map(referenceTo)
  return {
    items: sortItems(firstOfEachName([...kept.flatMap(describeItems), ...references])),
    truncated: own.length > kept.length,
  }
}

/** Everything of a namespace and below it, without rules. Null when there is nothing. */
export function listAll({ modules }: FunctionSnapshot, namespace: string): readonly ListedItem[] | null {
  const found = modules.filter(
    (module) => module.namespace === namespace || module.namespace.startsWith(`${namespace}.`),
  )
  return found.length === 0 ? null : sortItems(found.flatMap(describeItems))
}

/** Every function with the path to call it by. */
export function listDiscovery({ modules, byShortName }: FunctionSnapshot): readonly ListedItem[] {
  return sortItems(
    modules.flatMap((module) =>
      describeItems(module).map((item) => ({
        ...item,
        path: pathOf(module.namespace, item.name, (byShortName.get(item.name)?.length ?? 0) > 1),
      })),
    ),
  )
}

/** A short name that several modules have is no path: the class is qualified then. */
function pathOf(namespace: string, name: string, isAmbiguous: boolean): string {
  const qualified = isAmbiguous ? `${namespace}.${name}` : name
  const method = /^(.*\w)\.(\w+)$/.exec(name) === null ? null : name.slice(name.lastIndexOf('.') + 1)
  return method === null
    ? `/v1/skills/${qualified}`
    : `/v1/skills/${qualified.slice(0, -method.length - 1)}/${method}`
}

/** Of modules that share a group only the first that could be described is listed. */
function isFirstOfItsGroup(modules: readonly DescribedModule[]): (module: DescribedModule) => boolean {
  const first = new Map<string, DescribedModule>()
  for (const module of modules) {
    const { exclusiveGroup } = module.entry
    if (exclusiveGroup !== null && module.problem === null && !first.has(exclusiveGroup))
      first.set(exclusiveGroup, module)
  }
  return (module) => {
    const { exclusiveGroup } = module.entry
    // The group is one of entries: the other files of the first entry stay with it.
    return exclusiveGroup === null || first.get(exclusiveGroup)?.entry === module.entry
  }
}

function childrenOf(namespace: string, modules: readonly DescribedModule[]): string[] {
  return modules.map((module) => module.namespace).filter((name) => name.startsWith(`${namespace}.`))
}

function describeItems({ namespace, description }: DescribedModule): ListedItem[] {
  return description.items.map((item) => ({
    namespace,
    name: item.name,
    ...(item.docstring === null ? {} : { docstring: item.docstring }),
    args: item.args,
    returns: item.returns,
    kind: item.kind,
    async: item.async,
    input_schema: inputSchemaOf(item.args),
  }))
}

const referenceTo = (namespace: string): ListedItem => ({
  namespace,
  name: '*',
  args: [],
  returns: 'reference',
})

function firstOfEachName(items: readonly ListedItem[]): ListedItem[] {
  const byName = new Map<string, ListedItem>()
  for (const item of items)
    if (!byName.has(`${item.namespace}.${item.name}`)) byName.set(`${item.namespace}.${item.name}`, item)
  return [...byName.values()]
}

function sortItems(items: readonly ListedItem[]): ListedItem[] {
  const key = ({ namespace, name }: ListedItem): string => `${namespace}\0${name}`
  return [...items].sort((one, other) => (key(one) < key(other) ? -1 : 1))
}
