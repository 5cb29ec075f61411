import { describe, expect, it } from 'vitest'
import {
  findImportCycle,
  readSourceFiles,
  type SourceFile,
  type SourceImport,
} from './testing/source-files.ts'

/**
 * Which area may import which. `:types` allows types alone, so that nothing of it runs. A direction
 * that nobody uses any more fails the test too.
 */
const directions: Readonly<Record<string, string>> = {
  'main.ts': 'process',
  'app.ts':
    'a2a admin config:types deployments:types evidence http mcp pass-through pipeline plugins protocols quotas responses rest routing-api skill-router skills',
  'package-file.ts': '',
  'uuid.ts': '',
  'version.ts': 'package-file.ts',
  'within.ts': '',
  'write-behind.ts': '',
  a2a: 'config:types conversation deployments:types http http1 identity json pipeline pricing protocols rest secrets storage:types telemetry transport version.ts',
  admin:
    'answer-cache:types audit balancing:types config:types config-sync:types conversation deployments governance http identity managed-models:types pipeline plugins:types pricing process:types protocols providers:types quotas:types relay rest secrets:types storage:types telemetry tokens:types transport:types version.ts',
  'answer-cache': 'conversation',
  audit: 'json write-behind.ts',
  balancing: 'config:types deployments pricing providers:types',
  cli: 'audit balancing config injection model-routing process skills storage version.ts',
  'cloud-accounts': 'conversation providers:types transport:types',
  config: '',
  'config-sync': 'config:types leadership:types transport:types',
  'context-optimizer': 'json',
  conversation: 'providers:types',
  demo: 'http1 transport:types',
  deployments:
    'balancing:types config:types conversation patterns pricing providers telemetry:types transport:types',
  evidence: 'http identity multipart pipeline quotas:types rest skills:types uuid.ts write-behind.ts',
  governance:
    'config:types conversation:types deployments:types identity:types patterns pricing storage:types',
  http: 'conversation:types http1 protocols telemetry transport:types version.ts within.ts',
  http1: '',
  identity: 'config:types deployments governance http:types storage:types',
  injection: 'config:types conversation identity:types within.ts',
  json: '',
  leadership: 'within.ts',
  'managed-models': 'config:types secrets:types',
  mcp: 'config conversation deployments:types http http1:types identity json pipeline pricing protocols rest secrets:types skills:types telemetry transport version.ts',
  'model-routing':
    'config:types conversation:types deployments:types pricing telemetry:types write-behind.ts',
  multipart: '',
  'pass-through':
    'config:types conversation deployments:types governance:types http http1:types identity pipeline pricing protocols providers telemetry transport',
  pipeline:
    'answer-cache audit:types balancing config:types context-optimizer conversation deployments governance:types http http1 identity injection json model-routing multipart plugins:types policy-engine:types pricing protocols providers relay storage:types telemetry tokens:types transport:types version.ts within.ts',
  patterns: '',
  plugins: 'config http:types identity:types pipeline:types rest within.ts',
  'policy-engine': 'config:types http patterns',
  pricing: 'config:types conversation:types',
  process:
    'a2a admin answer-cache app.ts audit balancing cloud-accounts config config-sync conversation demo deployments evidence governance http http1:types identity injection leadership managed-models mcp model-routing pipeline plugins policy-engine pricing providers quotas responses rest secrets skill-router skills storage telemetry tokens transport version.ts within.ts',
  protocols: 'conversation json pricing:types providers:types relay:types',
  providers: 'cloud-accounts conversation telemetry transport:types',
  quotas: 'http:types pipeline:types rest',
  relay: 'conversation http http1 pricing:types protocols providers:types transport',
  responses:
    'conversation deployments http identity:types json pipeline protocols relay secrets:types storage:types transport:types',
  rest: 'audit http identity pipeline storage:types',
  'routing-api': 'config-sync:types deployments http:types identity model-routing pipeline rest',
  secrets: 'conversation',
  'skill-router':
    'config:types evidence:types http identity injection:types pipeline:types rest skills within.ts',
  skills:
    'config:types conversation deployments http identity injection:types json multipart package-file.ts pass-through pipeline providers quotas:types relay rest storage:types transport:types uuid.ts version.ts',
  storage:
    'a2a:types audit config:types config-sync:types conversation:types evidence governance json leadership:types managed-models:types mcp:types model-routing package-file.ts pricing:types quotas secrets skill-router:types skills uuid.ts',
  telemetry: 'conversation:types deployments:types providers:types',
  tokens: 'conversation:types package-file.ts',
  transport: 'http1',
}

/** Modules that belong to certain files or folders. Imports of types alone are free. */
const reservedModules: readonly (readonly [module: RegExp, owners: readonly string[]])[] = [
  [/^(?:pg|drizzle-orm|ioredis|@electric-sql\/[\w-]+)(?:\/|$)/, ['storage/']],
  [/^yaml$/, ['config/source/', 'mcp/openapi/', 'skills/benchmarks/eval-suite.ts', 'skills/validate/']],
  [/^@smithy\//, ['cloud-accounts/aws/signature.ts']],
  [
    /^node:(?:net|tls)$/,
    [
      ...['transport/http1/', 'transport/egress/', 'http/address-ranges.ts', 'http/server/http-server.ts'],
      // Only to tell addresses from names.
      'config/settings/egress-config.ts',
    ],
  ],
  // Only its table of status texts.
  [/^node:http$/, ['http/server/status-line.ts']],
  [
    /^node:child_process$/,
    ['cli/modules/', 'mcp/upstream/stdio-transport.ts', 'skills/functions/', 'skills/sandbox/'],
  ],
  [/^@modelcontextprotocol\//, ['mcp/call/', 'mcp/native/', 'mcp/oauth/', 'mcp/upstream/']],
  [/^@babel\/parser$/, ['skills/functions/describe-script.ts']],
  [/^node:(?:http2|dgram)$/, []],
  // The API server of a cluster, which has a CA of its own.
  [/^node:https$/, ['storage/leases/kubernetes-api.ts']],
  [/^node:vm$/, ['process/compact-heap.ts']],
  [/^node:cluster$/, ['process/']],
  [/^node:worker_threads$/, ['storage/database/', 'tokens/']],
  [
    /^node:fs(?:\/promises)?$/,
    [
      'cli/audit/',
      'cli/modules/',
      'cli/routing/',
      'cli/skills/',
      'config/watch-files.ts',
      'http/server/http-server.ts',
      'mcp/upstream/stdio-transport.ts',
      'plugins/import-plugin.ts',
      'process/',
      'skills/functions/',
      'skills/sandbox/',
      'skills/well-known/artifacts.ts',
      'skills/well-known/skill-folder.ts',
      'storage/',
      'telemetry/file-sink.ts',
      'version.ts',
    ],
  ],
]

/** Areas that only compute: what they need from outside is handed to them. */
const pureAreas = [
  'balancing',
  'cloud-accounts',
  'context-optimizer',
  'conversation',
  'deployments',
  'json',
  'multipart',
  'pricing',
  'protocols',
  'providers',
  'relay',
]
const computingModules = ['node:buffer', 'node:crypto', 'node:zlib']

/** Where the global `process` may be used. */
const processOwners = [
  'main.ts',
  'cli/',
  'mcp/upstream/stdio-transport.ts',
  'process/',
  'skills/functions/isolated-process.ts',
  'storage/owner-claim.ts',
]

/** What costs tens of microseconds a request, or has crashed gateways, and where it must not be. */
const dataPlane = ['http/', 'http1/', 'pipeline/', 'relay/', 'transport/']
const bannedCalls =
  /(?<![.\w])(?:fetch|pipeline|structuredClone)\(|new (?:Request|Response|Headers)\(|\.(?:toWeb|fromWeb)\(/

const files = readSourceFiles(new URL('./', import.meta.url))
const imports = files.flatMap((file) => file.imports.map((imported) => ({ file, imported })))

const isIn = (file: SourceFile, owners: readonly string[]): boolean =>
  owners.some((owner) => file.path === owner || (owner.endsWith('/') && file.path.startsWith(owner)))

function areaOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : path
}

/** The directions really used: `http → protocols`, with `:types` when nothing of it runs. */
function usedDirections(): string[] {
  const runs = new Map<string, boolean>()
  for (const { file, imported } of imports) {
    if (imported.file === null || areaOf(imported.file) === file.area) continue
    const direction = `${file.area} → ${areaOf(imported.file)}`
    runs.set(direction, (runs.get(direction) ?? false) || !imported.typesOnly)
  }
  return [...runs].map(([direction, isRun]) => (isRun ? direction : `${direction}:types`))
}

const withoutTypes = (direction: string): string => direction.replace(':types', '')

const allowedDirections = Object.entries(directions).flatMap(([area, targets]) =>
  targets.split(' ').flatMap((target) => (target === '' ? [] : [`${area} → ${target}`])),
)

/** Everything an area reaches at run time, directly or not. */
function reachedBy(area: string): ReadonlySet<string> {
  const seen = new Set<string>()
  const visit = (from: string): void => {
    for (const target of (directions[from] ?? '').split(' ')) {
      if (target === '' || target.endsWith(':types') || seen.has(target)) continue
      seen.add(target)
      visit(target)
    }
  }
  visit(area)
  return seen
}

/** The subfolder that stands for one wire or dialect, null for what all of them share. */
function memberOf(path: string, area: string): string | null {
  const [first, second, third] = path.split('/')
  return first === area && third !== undefined ? (second ?? null) : null
}

function crossings(area: string): string[] {
  const crosses = ({ file, imported }: { file: SourceFile; imported: SourceImport }): boolean => {
    const from = memberOf(file.path, area)
    const to = imported.file === null ? null : memberOf(imported.file, area)
    return from !== null && to !== null && from !== to
  }
  return imports.filter(crosses).map(({ file, imported }) => `${file.path} → ${imported.file}`)
}

describe('the directions between areas', () => {
  it('are in the table', () => {
    const allowed = new Set(
      allowedDirections.flatMap((direction) => [direction, `${withoutTypes(direction)}:types`]),
    )
    expect(usedDirections().filter((direction) => !allowed.has(direction))).toEqual([])
    expect(files.map((file) => file.area).filter((area) => directions[area] === undefined)).toEqual([])
  })

  it('are all in use', () => {
    const used = new Set(usedDirections().map(withoutTypes))
    expect(allowedDirections.filter((direction) => !used.has(withoutTypes(direction)))).toEqual([])
    expect(Object.keys(directions).filter((area) => files.every((file) => file.area !== area))).toEqual([])
  })

  it('have layers: without types no area reaches itself', () => {
    expect(Object.keys(directions).filter((area) => reachedBy(area).has(area))).toEqual([])
  })

  it('lead from one wire or dialect to no other', () => {
    expect(crossings('providers')).toEqual([])
    expect(crossings('protocols')).toEqual([])
  })

  it('have no cycle between files', () => {
    const running = files.map((file) => ({
      ...file,
      imports: file.imports.filter((imported) => !imported.typesOnly),
    }))
    expect(findImportCycle(running)).toBeNull()
  })

  it('lead out of the router to the contract alone', () => {
    const router = readSourceFiles(new URL('../../router/src/', import.meta.url))
    const outside = router.flatMap((file) =>
      file.imports.filter(({ specifier }) => !specifier.startsWith('.')),
    )
    expect(router.length).toBeGreaterThan(1)
    expect(outside.filter(({ specifier }) => specifier !== '@routeiq/contract')).toEqual([])
  })

  it('lead out of the contract to nothing of ours', () => {
    const contract = readSourceFiles(new URL('../../contract/src/', import.meta.url))
    const outside = contract.flatMap((file) =>
      file.imports.filter(({ specifier }) => !specifier.startsWith('./')),
    )
    expect(contract.length).toBeGreaterThan(1)
    expect(outside.filter(({ specifier }) => specifier !== 'zod')).toEqual([])
  })
})

describe('modules from outside', () => {
  it.each(reservedModules)('%s stays where it belongs', (module, owners) => {
    const strangers = imports.filter(
      ({ file, imported }) => module.test(imported.specifier) && !imported.typesOnly && !isIn(file, owners),
    )
    expect(strangers.map(({ file, imported }) => `${file.path} imports ${imported.specifier}`)).toEqual([])
  })

  it('do not bring input or output into areas that only compute', () => {
    const reaching = imports.filter(
      ({ file, imported }) =>
        pureAreas.includes(file.area) &&
        imported.specifier.startsWith('node:') &&
        !imported.typesOnly &&
        !computingModules.includes(imported.specifier),
    )
    expect(reaching.map(({ file, imported }) => `${file.path} imports ${imported.specifier}`)).toEqual([])
  })
})

describe('globals', () => {
  it('`process` is used by what owns the process', () => {
    const users = files.filter(({ code }) => /(?<![.\w])process\s*[.[),]/.test(code))
    expect(users.length).toBeGreaterThan(0)
    expect(users.filter((file) => !isIn(file, processOwners)).map((file) => file.path)).toEqual([])
  })

  it('web streams, fetch and stream.pipeline stay out of the data plane', () => {
    const offenders = files.filter((file) => isIn(file, dataPlane) && bannedCalls.test(file.code))
    expect(offenders.map((file) => file.path)).toEqual([])
  })
})
