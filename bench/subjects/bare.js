import { existsSync } from 'node:fs'
import { nodeProgram, SUBJECT_CORE } from '../measure/harness.js'
import { pickPort, startProcess, Unavailable, waitForPort } from '../measure/process.js'

const TRANSPORT = new URL('../../gateway/dist/transport/http1/http1-transport.js', import.meta.url)

/** The pass-through of P11: node:http and the gateway's upstream transport, nothing between them. */
export const bare = {
  name: 'bare',
  async start({ mockPort }) {
    if (!existsSync(TRANSPORT))
      throw new Unavailable("the gateway's transport is not built: run npm run build in the repository")
    const port = await pickPort()
    const args = [String(port), `http://127.0.0.1:${mockPort}`]
    const started = startProcess({
      ...nodeProgram('bare', '../programs/bare-proxy.js', args),
      core: SUBJECT_CORE,
    })
    await waitForPort(started, port)
    return { ...started, port, headers: { authorization: 'Bearer sk-bench' }, version: process.version }
  },
}
