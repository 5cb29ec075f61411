// Runs one function of a JavaScript module: one JSON document on stdin, one on file descriptor 3. The process is new
// for every call and has loaded nothing but the runtime when the request arrives. What cannot be had from the kernel is
// blocked in the language; that keeps honest code honest and is no security boundary.
import { closeSync, readSync, writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

function readRequest() {
  const chunks = []
  const chunk = Buffer.alloc(65_536)
  for (;;) {
    const count = readSync(0, chunk, 0, chunk.length, null)
    if (count === 0) break
    chunks.push(Buffer.from(chunk.subarray(0, count)))
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'))
}

// Loaded before the request arrives, so that no call waits for them.
const require = createRequire(import.meta.url)
const net = require('node:net')
const datagrams = require('node:dgram')
const names = require('node:dns')

function denyNetwork() {
  const refuse = () => {
    throw new Error('this skill may not use the network')
  }
  net.Socket.prototype.connect = refuse
  net.Server.prototype.listen = refuse
  datagrams.createSocket = refuse
  for (const name of ['lookup', 'resolve', 'resolve4', 'resolve6']) names[name] = refuse
  globalThis.fetch = refuse
}

/** Values come in the order of the parameters, each in a list of its own: an empty one stands for a value not given. */
const spread = (values) => values.map(([value]) => value)

async function call({ file, name, init, parameters }) {
  const module = await import(pathToFileURL(file).href)
  const [first, method] = name.split('.')
  const exported = findExport(module, first)
  if (method === undefined)
    return isClass(exported) ? callClass(exported, init, parameters) : exported(...spread(parameters))
  if (typeof exported[method] === 'function') return exported[method](...spread(parameters))
  return new exported(...spread(init))[method](...spread(parameters))
}

function findExport(module, name) {
  const byName = module[name] ?? module.default?.[name]
  if (byName !== undefined) return byName
  if (module.default?.name === name) return module.default
  throw new Error(`the module exports no ${name}`)
}

const isClass = (value) =>
  typeof value === 'function' && /^class\b/.test(Function.prototype.toString.call(value))

function callClass(Class, init, parameters) {
  const instance = new Class(...spread(init))
  const method = ['run', 'invoke'].find((name) => typeof instance[name] === 'function')
  return method === undefined ? { ...instance } : instance[method](...spread(parameters))
}

async function answerOf(request) {
  try {
    const result = (await call(request)) ?? null
    if (JSON.stringify(result) === undefined) throw new TypeError(`a ${typeof result} is no JSON`)
    return JSON.stringify({ ok: true, result })
  } catch (error) {
    const type = error?.name ?? typeof error
    const message = String(error?.message ?? error).slice(0, 4000)
    return JSON.stringify({
      ok: false,
      kind: 'raised',
      type,
      message,
      stack: String(error?.stack ?? '').slice(0, 4000),
    })
  }
}

const request = readRequest()
if (request.denyNetwork) denyNetwork()
const answer = Buffer.from(`${await answerOf(request)}\n`, 'utf8')
for (let sent = 0; sent < answer.length; ) sent += writeSync(3, answer, sent)
closeSync(3)
process.exit(0)
