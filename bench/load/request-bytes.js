/**
 * @typedef {object} RequestShape
 * @property {string} path
 * @property {'GET' | 'POST'} [method] POST unless told
 * @property {object} [body] none for a GET
 *
 * @typedef {object} Target
 * @property {number} port
 * @property {Record<string, string>} headers what this server needs beside the common ones: a key
 */

/**
 * One HTTP/1.1 request, ready to be written again and again.
 * @param {RequestShape} shape
 * @param {Target} target
 * @returns {Buffer}
 */
export function formatRequest(shape, { port, headers }) {
  const method = shape.method ?? 'POST'
  const body = Buffer.from(shape.body === undefined ? '' : JSON.stringify(shape.body))
  const all = {
    host: `127.0.0.1:${port}`,
    accept: 'application/json',
    ...(shape.body === undefined ? {} : { 'content-type': 'application/json' }),
    'user-agent': 'OpenAI/JS 6.49.0',
    ...headers,
    ...(shape.body === undefined ? {} : { 'content-length': String(body.length) }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  return Buffer.concat([
    Buffer.from(`${method} ${shape.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`),
    body,
  ])
}
