import { expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { deployment, messages } from './harness/deployments.ts'
import { startScriptedUpstream } from './harness/scripted-upstream.ts'
import { masterKey as key, startGateway } from './harness/start-gateway.ts'

it('lets addresses that come over the API lead to listed hosts only', async () => {
  const upstream = await startScriptedUpstream()
  const gateway = await startGateway({
    config: { model_list: [deployment('fixed', upstream.openaiBase)] },
    env: {
      MCP_GATEWAY_ENABLED: 'true',
      ROUTEIQ_EGRESS_MODE: 'allowlist',
      LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1',
    },
  })
  try {
    const add = (model_name: string, api_base: string) => {
      const litellm_params = { model: 'openai/gpt-4o-mini', api_base, api_key: 'sk-upstream' }
      return call(gateway.url, '/model/new', { key, body: { model_name, litellm_params } })
    }
    const chat = (model: string) =>
      call(gateway.url, '/v1/chat/completions', { key, body: { model, messages } })
    expect((await add('listed', upstream.openaiBase)).status).toBe(200)
    for (const model of ['fixed', 'listed']) expect((await chat(model)).status).toBe(200)
    for (const base of ['https://api.example.com/v1', 'https://1.1.1.1/v1']) {
      const refused = await add('other', base)
      expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('ROUTEIQ_EGRESS_MODE')])
    }
    const server = { server_name: 'elsewhere', url: 'https://mcp.example.com/mcp' }
    const refused = await call(gateway.url, '/v1/mcp/server', { key, body: server })
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('ROUTEIQ_EGRESS_MODE')])
  } finally {
    await gateway.stop()
    await upstream.close()
  }
})

it('opens listed URLs to what callers write, and not their neighbours', async () => {
  const upstream = await startScriptedUpstream()
  const gateway = await startGateway({
    config: {},
    env: { LLMROUTER_OUTBOUND_URL_ALLOWLIST: `${upstream.openaiBase}` },
  })
  try {
    const add = (model_name: string, api_base: string) => {
      const litellm_params = { model: 'openai/gpt-4o-mini', api_base, api_key: 'sk-upstream' }
      return call(gateway.url, '/model/new', { key, body: { model_name, litellm_params } })
    }
    expect((await add('listed', upstream.openaiBase)).status).toBe(200)
    const chat = { key, body: { model: 'listed', messages } }
    expect((await call(gateway.url, '/v1/chat/completions', chat)).status).toBe(200)
    for (const base of [`${upstream.openaiBase}x`, `${upstream.origin}/v2`, `${upstream.openaiBase}/../v2`])
      expect((await add('other', base)).status).toBe(400)
  } finally {
    await gateway.stop()
    await upstream.close()
  }
})

it('is a word the gateway knows, or it does not start', async () => {
  const env = { ROUTEIQ_EGRESS_MODE: 'open' }
  await expect(startGateway({ config: {}, env })).rejects.toThrow(/ROUTEIQ_EGRESS_MODE/)
})
