import { setTimeout as sleep } from 'node:timers/promises'

const DEADLINE_SECONDS = 60

/**
 * How long the first index takes to be there, and how calls fared meanwhile: a route and a probe every 20 ms, each of
 * which must be answered with 200.
 */
export async function measureLoad({ port, headers }, requests, count, readHealth) {
  const startMs = performance.now()
  let answers = 0
  let slowest = 0
  let isLoaded = false
  const call = async (path, options) => {
    const sentMs = performance.now()
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, options)
    await answer.arrayBuffer()
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status} while the index was loading`)
    answers += 1
    return performance.now() - sentMs
  }
  const route = (query) =>
    call('/api/v1/skills/route', {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify({ query, top_k: 5 }),
    })
  const routing = (async () => {
    for (let turn = 0; !isLoaded; turn += 1) {
      await route(requests[turn % requests.length])
      await sleep(20)
    }
  })()
  while (!isLoaded) {
    slowest = Math.max(slowest, await call('/_health/live', {}))
    const { indexes } = await readHealth()
    isLoaded = indexes.some(({ skills }) => skills === count)
    if (performance.now() - startMs > DEADLINE_SECONDS * 1000)
      throw new Error('the index was not loaded in time')
    await sleep(20)
  }
  const seconds = (performance.now() - startMs) / 1000
  await routing
  return { seconds, answers, slowest }
}
