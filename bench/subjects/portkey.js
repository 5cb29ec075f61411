import { readFileSync } from 'node:fs'
import { SUBJECT_CORE } from '../measure/harness.js'
import { pickPort, startProcess, Unavailable, waitForPort } from '../measure/process.js'

const FOLDER = new URL('../node_modules/@portkey-ai/gateway/', import.meta.url).pathname

function readVersion() {
  try {
    return JSON.parse(readFileSync(`${FOLDER}package.json`, 'utf8')).version
  } catch {
    throw new Unavailable('@portkey-ai/gateway is not installed: run npm ci in bench/')
  }
}

/** Portkey's open-source gateway from npm, on the same Node, with the two pins of package.json's `overrides`. */
export const portkey = {
  name: 'portkey',
  async start({ mockPort }) {
    const version = readVersion()
    const port = await pickPort()
    const started = startProcess({
      name: 'portkey',
      core: SUBJECT_CORE,
      command: process.execPath,
      args: [`${FOLDER}build/start-server.js`, `--port=${port}`, '--headless'],
    })
    await waitForPort(started, port)
    const headers = {
      authorization: 'Bearer sk-bench',
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${mockPort}/v1`,
    }
    return { ...started, port, headers, version }
  },
}
