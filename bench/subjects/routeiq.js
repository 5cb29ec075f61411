import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { readJson, SUBJECT_CORE } from '../measure/harness.js'
import { pickPort, startProcess, Unavailable, WORK_FOLDER, waitForPort } from '../measure/process.js'
import { MODELS } from './requests.js'

const GATEWAY = new URL('../../gateway/', import.meta.url).pathname
const PRICE = { input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7 }

/**
 * @param {string} model the name clients use
 * @param {number} mockPort
 * @returns a LiteLLM-style `model_list` entry; the provider's name differs from the client's, so that the model is rewritten
 */
export function formatDeployment(model, mockPort) {
  return {
    model_name: model,
    litellm_params: {
      model: `openai/${model.replace('bench', 'gpt-4o-mini')}`,
      api_base: `http://127.0.0.1:${mockPort}/v1`,
      api_key: 'sk-upstream',
    },
    model_info: PRICE,
  }
}

/**
 * Starts RouteIQ with the given deployments, without waiting for it.
 * @param {{ name: string, deployments: object[], config?: object, keepData?: boolean, env?: Record<string, string> }} options `config`: more of the file; `keepData`: with the data directory of the last start of that name
 */
export async function launchRouteiq(options) {
  if (!existsSync(`${GATEWAY}bundle/main.js`)) {
    throw new Unavailable('RouteIQ is not built: run npm ci && npm run build in the repository')
  }
  const masterKey = `sk-master-${randomBytes(16).toString('hex')}`
  const dataFolder = `${WORK_FOLDER}data-${options.name}`
  if (!options.keepData) rmSync(dataFolder, { recursive: true, force: true })
  mkdirSync(dataFolder, { recursive: true })
  const config = {
    model_list: options.deployments,
    general_settings: { master_key: masterKey },
    ...options.config,
  }
  const configFile = `${WORK_FOLDER}${options.name}.yaml`
  writeFileSync(configFile, JSON.stringify(config, null, 1))
  const port = await pickPort()
  const flags = [
    '--config',
    configFile,
    '--port',
    String(port),
    '--host',
    '127.0.0.1',
    '--data-dir',
    dataFolder,
  ]
  const started = startProcess({
    name: options.name,
    core: SUBJECT_CORE,
    command: process.execPath,
    args: [`${GATEWAY}bin/routeiq.js`, 'start', ...flags],
    env: { LITELLM_LOG: 'INFO', ...options.env },
  })
  return { ...started, port, masterKey }
}

/**
 * Starts RouteIQ, waits until it listens and makes a virtual key for the load.
 * @param {Parameters<typeof launchRouteiq>[0]} options
 */
export async function startRouteiq(options) {
  const launched = await launchRouteiq(options)
  await waitForPort(launched, launched.port, 60)
  const key = await generateKey(launched.port, launched.masterKey)
  const version = JSON.parse(readFileSync(`${GATEWAY}package.json`, 'utf8')).version
  const database =
    process.env['DATABASE_URL'] === undefined ? 'embedded database' : 'database of DATABASE_URL'
  return { ...launched, headers: { authorization: `Bearer ${key}` }, version: `${version}, ${database}` }
}

async function generateKey(port, masterKey) {
  const headers = { authorization: `Bearer ${masterKey}`, 'content-type': 'application/json' }
  let problem
  for (let turn = 0; turn < 50; turn += 1) {
    try {
      return (await readJson(port, 'POST', '/key/generate', headers, {})).key
    } catch (error) {
      problem = error
    }
    await sleep(100)
  }
  throw new Unavailable(`no virtual key could be made: ${problem.message}`)
}

/** The product with keys, validation, routing, metering, metrics and logs at INFO, called with a virtual key. */
export const routeiq = {
  name: 'routeiq',
  start: ({ mockPort }) =>
    startRouteiq({ name: 'routeiq', deployments: MODELS.map((model) => formatDeployment(model, mockPort)) }),
}
