import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, call } from './harness/call-gateway.ts'
import { type Gateway, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'
import { everythingServer } from './mcp-servers/start-server.ts'

const program = { transport: 'stdio', command: process.execPath, args: [everythingServer, 'stdio'] }

let gateway: Gateway
let key = ''
beforeAll(async () => {
  gateway = await startGateway({
    config: {
      mcp_servers: {
        fragile: program,
        templated: {
          ...program,
          args: [...program.args, '$' + '{X-Tenant}'],
          extra_headers: ['X-Tenant', 'X-Region'],
          env: {
            TENANT: '$' + '{X-Tenant}',
            PLACE: 'at $' + '{x-region} of $' + '{X-Tenant}',
            FIXED: 'always',
          },
        },
        confined: {
          ...program,
          limits: { memory_mb: 900, cpu_seconds: 120, open_files: 99, processes: 7777, file_mb: 5 },
        },
        foreign: { ...program, run_as: { uid: 65534, gid: 65534 } },
        resting: program,
        eager: { ...program, eager: true },
        undeclared: { ...program, env: { TENANT: '$' + '{X-Tenant}' } },
      },
      routeiq: { mcp: { health_interval: 3600 } },
    },
  })
  key = (await gateway.createKey()).key
})
afterAll(() => gateway?.stop())

const use = (name: string, server_id: string, headers: Record<string, string> = {}): Promise<Answer> =>
  call(gateway.url, '/mcp-rest/tools/call', { key, headers, body: { name, server_id, arguments: {} } })

const auditOf = (action: string, serverId: string) =>
  gateway
    .stdout()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter((line) => line['event'] === 'audit' && line['action'] === action)
    .filter((line) => line['resource_id'] === serverId)
const healthOf = async (serverId: string) =>
  (await call(gateway.url, `/v1/llmrouter/mcp/server/${serverId}/health`, { key })).json()

describe('a program', () => {
  const starts = (serverId: string): number => auditOf('mcp.program.start', serverId).length

  it('starts with the gateway where it is eager, else when somebody first wants something of it', async () => {
    await waitUntil('the eager one is there', async () => (await healthOf('eager')).status === 'healthy')
    expect(starts('eager')).toBeGreaterThan(0)
    expect(await healthOf('resting')).toMatchObject({ status: 'unknown', tool_count: 0 })
    expect(starts('resting')).toBe(0)
    const { summary } = (await call(gateway.url, '/v1/llmrouter/mcp/server/health', { key })).json()
    expect(summary).toEqual({ total: 6, healthy: 1, unhealthy: 0 })
    const listed = await call(gateway.url, '/mcp-rest/tools/list?server_id=resting', { key })
    expect(listed.json().tools.map(({ name }: { name: string }) => name)).toContain('echo')
    expect(await healthOf('resting')).toMatchObject({ status: 'healthy', tool_count: expect.any(Number) })
    await waitUntil('its start is told', () => starts('resting') > 0)
  })
})

describe('variables of a program', () => {
  const seen = async (headers: Record<string, string>): Promise<Record<string, string>> =>
    JSON.parse((await use('whoami', 'templated', headers)).json().content[0].text).env
  const own = ({ PATH: _, HOME: __, TMPDIR: ___, LANG: ____, ...others }: Record<string, string>) => others

  it('are filled from headers that the client sent, each client in a process of its own', async () => {
    const [one, other] = await Promise.all([
      seen({ 'x-tenant': 'acme', 'x-region': 'eu' }),
      seen({ 'x-tenant': 'umbrella' }),
    ])
    expect(own(one)).toEqual({ TENANT: 'acme', PLACE: 'at eu of acme', FIXED: 'always' })
    expect(own(other)).toEqual({ TENANT: 'umbrella', FIXED: 'always' })
    expect(own(await seen({}))).toEqual({ FIXED: 'always' })
  })

  it.each(['; touch /tmp/x', '$(id)', '`id`', '&& id', '--eval=1', '$' + '{X-Region}', '$&'])(
    'hold %s as it is',
    async (value) => {
      expect((await seen({ 'x-tenant': value, 'x-region': 'eu' }))['TENANT']).toBe(value)
    },
  )

  it('never name a header that is not let through', async () => {
    const { servers } = (await call(gateway.url, '/llmrouter/mcp/servers', { key })).json()
    expect(servers.map(({ server_id }: { server_id: string }) => server_id).sort()).toEqual([
      'confined',
      'eager',
      'foreign',
      'fragile',
      'resting',
      'templated',
    ])
    expect(gateway.stdout() + gateway.stderr()).toContain(
      'the header X-Tenant is not among extra_headers; the server is left out',
    )
  })
})

describe('what a program may do', () => {
  const seen = async (serverId: string) => {
    const { content } = (await use('whoami', serverId)).json()
    return JSON.parse(content[0].text) as {
      readonly user: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
      readonly umask: number
      readonly limits: string
      readonly descriptors: readonly (string | null)[]
    }
  }
  it('is held to limits by the kernel', async () => {
    const { limits } = await seen('confined')
    const limitOf = (name: string) => new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(limits)?.slice(1)
    expect(limitOf('Max data size')).toEqual([`${900 * 1_048_576}`, `${900 * 1_048_576}`])
    expect(limitOf('Max cpu time')).toEqual(['120', '120'])
    expect(limitOf('Max open files')).toEqual(['99', '99'])
    expect(limitOf('Max processes')).toEqual(['7777', '7777'])
    expect(limitOf('Max file size')).toEqual([`${5 * 1_048_576}`, `${5 * 1_048_576}`])
  })

  it('writes files for itself alone, and holds nothing of the gateway open', async () => {
    const { umask, descriptors } = await seen('templated')
    expect(umask).toBe(0o077)
    const files = descriptors.filter((target) => target?.startsWith('/') && !target.startsWith('/proc/'))
    expect(files.filter((target) => target !== '/dev/null')).toEqual([])
    expect(descriptors.filter((target) => target?.startsWith('socket:')).length).toBeLessThanOrEqual(3)
  })

  it('runs as whom the operator says, or not at all', async () => {
    const isRoot = process.getuid?.() === 0
    const nobody = { uid: 65_534, gid: 65_534 }
    const reads = isRoot && spawnSync(process.execPath, ['--check', everythingServer], nobody).status === 0
    if (reads) {
      expect((await seen('foreign')).user).toEqual({ uid: 65534, gid: 65534, groups: [65534] })
    } else {
      await use('whoami', 'foreign')
      const { status, error } = await healthOf('foreign')
      // Where that user may not read the program, it cannot start it either.
      if (isRoot) expect(status).toBe('unhealthy')
      else expect([status, error]).toEqual(['blocked', expect.stringContaining('runs as root')])
    }
  })
})

describe('a program that keeps ending', () => {
  it('is not started again at once, and the audit has its starts, ends and refusals', async () => {
    await waitUntil('it is refused', async () => {
      expect((await use('die', 'fragile')).status).toBe(400)
      return auditOf('mcp.program.refuse', 'fragile').length > 0
    })
    expect(auditOf('mcp.program.start', 'fragile').length).toBeGreaterThan(1)
    expect(auditOf('mcp.program.exit', 'fragile')).toContainEqual(
      expect.objectContaining({ outcome: 'error', outcome_reason: 'code 3', actor_id: 'gateway' }),
    )
    expect(auditOf('mcp.program.refuse', 'fragile')[0]).toMatchObject({ outcome: 'denied' })
  })
})

describe('programs over REST', () => {
  const node = process.execPath
  const allowed = `${node} ${everythingServer} stdio`
  const withApi = (enabled: boolean) => ({
    routeiq: { mcp: { enabled: true, stdio_api: enabled, stdio_commands: [allowed, '*', `${node} *`] } },
  })
  let permissive: Gateway
  beforeAll(async () => {
    permissive = await startGateway({ config: withApi(true) })
  })
  afterAll(() => permissive?.stop())

  const admin = (path: string, body: object, method = 'POST'): Promise<Answer> =>
    call(permissive.url, path, { key: permissive.masterKey, method, body })
  const base = { server_id: 'registered', name: 'registered', ...program }

  it.each([
    { command: 'sh', args: ['-c', 'id'] },
    { args: ['-e', 'process.exit()'] },
    { args: ['--eval', 'process.exit()', ...program.args] },
    { args: [everythingServer] },
    { args: [] },
    { command: `${node} ${everythingServer}`, args: ['stdio'] },
    { command: node.toUpperCase() },
    { cwd: '/' },
    { run_as: { uid: 65534, gid: 65534 } },
    { env: { NODE_OPTIONS: '--require /tmp/x.js' } },
    { env: { ld_preload: '/tmp/x.so' } },
    { transport: 'http', url: 'https://example.com/mcp' },
  ])('refuses %j', async (change) => {
    for (const path of ['/llmrouter/mcp/servers', '/v1/mcp/server']) {
      const refused = await admin(path, { ...base, ...change })
      expect([refused.status, refused.json().detail.error]).toEqual([400, 'stdio_not_allowed'])
    }
  })

  it('takes and runs what the operator allows, and no change to something else', async () => {
    expect((await admin('/llmrouter/mcp/servers', { ...base, env: { OWN: 'yes' } })).status).toBe(200)
    const answer = await admin('/mcp-rest/tools/call', { name: 'whoami', server_id: 'registered' })
    expect(JSON.parse(answer.json().content[0].text).env).toMatchObject({ OWN: 'yes' })
    const path = '/llmrouter/mcp/servers/registered'
    expect((await admin(path, { ...base, args: ['-e', '1'] }, 'PUT')).status).toBe(400)
    expect((await admin('/v1/mcp/server', { server_id: 'registered', cwd: '/' }, 'PUT')).status).toBe(400)
    const described = { server_id: 'registered', description: 'A program.' }
    expect((await admin('/v1/mcp/server', described, 'PUT')).status).toBe(202)
    expect((await admin(path, base, 'PUT')).status).toBe(200)
  })

  it('neither tries out nor proposes a program', async () => {
    for (const path of ['/mcp-rest/test/connection', '/mcp-rest/test/tools/list', '/v1/mcp/server/register'])
      expect((await admin(path, { ...base, server_id: 'other' })).json().detail.error, path).toBe(
        'stdio_not_allowed',
      )
  })

  it('does not start what is not allowed any more', async () => {
    permissive.writeConfig(withApi(false))
    await permissive.restart()
    const health = '/v1/llmrouter/mcp/server/registered/health?probe=true'
    await waitUntil('it is blocked', async () => {
      const answer = await call(permissive.url, health, { key: permissive.masterKey })
      return answer.json().status === 'blocked'
    })
    expect((await admin('/llmrouter/mcp/servers', base)).json().detail.error).toBe('stdio_not_allowed')
  })
})
