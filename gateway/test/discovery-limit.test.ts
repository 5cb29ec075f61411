import { expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { startGateway } from './harness/start-gateway.ts'

it('an address may ask for published skills so often a minute, and for the rest as before', async () => {
  const gateway = await startGateway({
    config: { routeiq: { skills: { well_known: { enabled: true, requests_per_minute: 3 } } } },
  })
  const ask = (path: string) => call(gateway.url, `/.well-known/${path}`)
  try {
    expect((await ask('skills/index.json')).status).toBe(200)
    expect((await ask('agent-skills/index.json')).status).toBe(200)
    expect((await ask('skills/none/SKILL.md')).status).toBe(404)
    const refused = await ask('skills/index.json')
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '60'])
    expect(refused.text).toContain('rate_limit_exceeded')
    expect((await call(gateway.url, '/_health/live')).status).toBe(200)
  } finally {
    await gateway.stop()
  }
})
