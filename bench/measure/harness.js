import { mkdirSync, readFileSync } from 'node:fs'
import { request } from 'node:http'
import { pickPort, startProcess, WORK_FOLDER, waitForPort } from './process.js'

/** The measured program has core 0 to itself; mock, load and the run itself share core 1. */
export const SUBJECT_CORE = 0
export const LOAD_CORE = 1

/**
 * @typedef {{ mockPort: number, readMockState: () => Promise<{ activeAnswers: number, aborted: number }>, runLoad: (job: object) => Promise<any>, helpers: number[] }} Harness
 *   `helpers`: process ids of mock and load
 */

/** @returns {Promise<Harness>} */
export async function startHarness() {
  mkdirSync(WORK_FOLDER, { recursive: true })
  const mockPort = await pickPort()
  const mock = startProcess({
    ...nodeProgram('mock', '../mock-upstream.js', [String(mockPort)]),
    core: LOAD_CORE,
  })
  await waitForPort(mock, mockPort)
  const load = startProcess({ ...nodeProgram('load', '../load.js', []), core: LOAD_CORE, channel: true })
  return {
    mockPort,
    helpers: [mock.pid, load.pid],
    readMockState: () => readJson(mockPort, 'GET', '/__mock/state', {}),
    runLoad: createLoadCaller(load),
  }
}

/** Node's arguments for a program of this package. */
export function nodeProgram(name, file, args) {
  return { name, command: process.execPath, args: [new URL(file, import.meta.url).pathname, ...args] }
}

function createLoadCaller({ child, logFile }) {
  let nextId = 1
  const waiting = new Map()
  child.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) resolve(result)
    else reject(new Error(error))
  })
  child.on('exit', () => {
    const log = readFileSync(logFile, 'utf8').slice(-500)
    for (const { reject } of waiting.values()) reject(new Error(`the load program ended: ${log}`))
  })
  return (job) =>
    new Promise((resolve, reject) => {
      waiting.set(nextId, { resolve, reject })
      child.send({ id: nextId, job })
      nextId += 1
    })
}

/**
 * One small JSON call to a server of this machine, for the mock's state and the gateway's key endpoint.
 * @returns {Promise<any>} the parsed answer; rejects on any status but 200
 */
export function readJson(port, method, path, headers, content) {
  return new Promise((resolve, reject) => {
    const call = request(
      { port, host: '127.0.0.1', method, path, headers, agent: false, timeout: 5000 },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (chunk) => {
          text += chunk
        })
        answer.on('end', () => {
          if (answer.statusCode === 200) resolve(JSON.parse(text))
          else reject(new Error(`${method} ${path}: ${answer.statusCode} ${text.slice(0, 300)}`))
        })
      },
    )
    call.on('timeout', () => call.destroy(new Error(`${method} ${path}: no answer in 5 s`)))
    call.on('error', reject)
    call.end(content === undefined ? undefined : JSON.stringify(content))
  })
}
