import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { removeDirectory, temporaryDirectory } from './harness/data-directory.ts'
import { deployment } from './harness/deployments.ts'
import { runProduct } from './harness/run-product.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'

let upstream: ScriptedUpstream
let gateway: Gateway
let directory: string

const place = (name: string) => join(directory, name)
const router = (args: object) => ({ models: ['small', 'large'], strategy: 'llmrouter-custom', args })

function config(): object {
  return {
    model_list: ['small', 'large'].map((name) => deployment(name, upstream.openaiBase, {}, { id: name })),
    routeiq: {
      routing: {
        routers: {
          chosen: router({ module: place('by-length.mjs') }),
          missing: router({ module: place('nowhere.mjs') }),
          wrong: router({ module: place('wrong.mjs') }),
          stuck: router({ module: place('stuck.mjs'), remote_timeout_ms: 20 }),
        },
      },
    },
  }
}

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  directory = await temporaryDirectory()
  const choose = '({ query, models }) => ({ scores: { [models[query.length > 20 ? 1 : 0]]: 1 } })'
  writeFileSync(place('by-length.mjs'), `export default ${choose}`)
  writeFileSync(place('wrong.mjs'), 'export default 7')
  writeFileSync(place('stuck.mjs'), 'export default () => new Promise(() => {})')
  gateway = await startGateway({ config: config() })
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
  await removeDirectory(directory)
})

const ask = async (model: string, content: string) =>
  call(gateway.url, '/v1/chat/completions', {
    key: masterKey,
    body: { model, messages: [{ role: 'user', content }] },
  })

describe('a strategy that is a module', () => {
  it('chooses for requests, and for those who ask only', async () => {
    expect((await ask('chosen', 'short')).headers['x-routeiq-selected-arm']).toBe('small')
    const long = 'a question that is a good deal longer'
    expect((await ask('chosen', long)).headers['x-routeiq-selected-arm']).toBe('large')
    const body = { model: 'chosen', query: long }
    const decision = (await call(gateway.url, '/router/route', { key: masterKey, body })).json()
    expect(decision).toMatchObject({
      selected_model: 'large',
      strategy: 'llmrouter-custom',
      fallback_reason: null,
    })
  })

  it.each(['missing', 'wrong', 'stuck'])('decides nothing where it is %s', async (model) => {
    expect((await ask(model, 'short')).status).toBe(200)
    const body = { model, query: 'short' }
    const decision = (await call(gateway.url, '/router/route', { key: masterKey, body })).json()
    expect(decision.fallback_reason).toBe('remote_unavailable')
  })

  it('must be among the plugins that are allowed', async () => {
    writeFileSync(place('config.json'), JSON.stringify(config()))
    const env = { LLMROUTER_PLUGINS_ALLOWLIST: place('by-length.mjs') }
    const checked = runProduct(['validate-config', '--config', place('config.json')], env, directory)
    const { code } = await checked.exited
    const said = checked.stdout() + checked.stderr()
    expect(code, said).not.toBe(0)
    expect(said).toContain('LLMROUTER_PLUGINS_ALLOWLIST does not name')
    expect(said).not.toContain(`does not name ${place('by-length.mjs')}`)
  })
})
