import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPostgresDatabase } from '../src/storage/testing/test-databases.ts'
import { findTestServices } from '../src/storage/testing/test-services.ts'
import { type Answer, call } from './harness/call-gateway.ts'
import { deployment } from './harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from './harness/scripted-upstream.ts'
import { type Gateway, masterKey, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const { databaseUrl, redisUrl } = await findTestServices()
const replicas: Gateway[] = []
let upstream: ScriptedUpstream
let dropDatabase: () => Promise<void> = async () => {}

const patient = 60_000

beforeAll(async () => {
  if (databaseUrl === null || redisUrl === null) return
  const database = await createPostgresDatabase(databaseUrl)
  dropDatabase = database.drop
  upstream = await startScriptedUpstream()
  const config = {
    model_list: ['a', 'b', 'c'].map((name) =>
      deployment(name, upstream.openaiBase, { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 }),
    ),
    routeiq: { routing: { routers: { chance: { strategy: 'llmrouter-random' } } } },
  }
  const env = { DATABASE_URL: database.url, REDIS_URL: redisUrl }
  for (const _ of [1, 2, 3]) replicas.push(await startGateway({ config, env }))
})

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()))
  await upstream?.close()
  await dropDatabase()
})

type Turn = readonly { readonly role: string; readonly content: string }[]

function chat(replica: Gateway, model: string, messages: Turn, session?: string): Promise<Answer> {
  const headers = session === undefined ? {} : { 'x-routeiq-session-id': session }
  return call(replica.url, '/v1/chat/completions', { key: masterKey, headers, body: { model, messages } })
}

const say = (content: string): Turn => [{ role: 'user', content }]
const armOf = ({ headers }: Answer): string => headers['x-routeiq-selected-arm'] ?? ''

it.skipIf(redisUrl === null)(
  'three replicas put a conversation on one model, even when all hear of it first at once and chance decides',
  async () => {
    const [one, two, three] = replicas as [Gateway, Gateway, Gateway]
    const marker = `pins-${Date.now()}`
    const sessions = Array.from({ length: 30 }, (_, index) => `${marker}-${index}`)
    const first = await Promise.all(
      sessions.map((session) =>
        Promise.all(replicas.map((replica) => chat(replica, 'chance', say('hello'), session))),
      ),
    )
    // Chance did put some of them on different models.
    expect(first.some((answers) => new Set(answers.map(armOf)).size > 1)).toBe(true)
    const next: Turn = [...say('hello'), { role: 'assistant', content: 'Hi!' }, ...say('and another thing')]
    await waitUntil(
      'all agree',
      async () => {
        const arms = await Promise.all(
          sessions.map(async (session) => {
            const answers = await Promise.all(
              [one, two, three].map((at) => chat(at, 'chance', next, session)),
            )
            expect(answers.map(({ headers }) => headers['x-routeiq-affinity'])).toEqual([
              'kept',
              'kept',
              'kept',
            ])
            return answers.map(armOf)
          }),
        )
        return arms.every((found) => new Set(found).size === 1)
      },
      patient,
    )
  },
  90_000,
)

/** What outcomes add to each model's estimate, as one replica sees it. */
async function learned(replica: Gateway): Promise<string> {
  const body = { query: 'tell me a story about the sea' }
  const { explain } = (await call(replica.url, '/router/route', { key: masterKey, body })).json()
  const candidates = explain.candidates as { model: string; components: Record<string, number> }[]
  return candidates
    .map(({ model, components }) => `${model}:${(components['online'] ?? 0).toFixed(6)}`)
    .toSorted()
    .join()
}

async function agree(what: string): Promise<string> {
  return waitUntil(
    what,
    async () => {
      const views = await Promise.all(replicas.map(learned))
      const isLearned = views.every((view) => /[1-9]/.test(view.replace(/[abc]:/g, '')))
      return isLearned && new Set(views).size === 1 ? (views[0] ?? null) : null
    },
    patient,
  )
}

it.skipIf(redisUrl === null)(
  'three replicas learn the same from outcomes that each heard a part of, and lose nothing with a killed one',
  async () => {
    const judge = async (index: number): Promise<void> => {
      const [serving, listening] = [replicas[index % 3], replicas[(index + 1) % 3]] as [Gateway, Gateway]
      const answer = await chat(serving, 'chance', say(`tell me a story about the sea, number ${index}`))
      const body = {
        decision_id: answer.headers['x-routeiq-decision-id'],
        score: armOf(answer) === 'a' ? 1 : 0,
      }
      // It is written a moment after the answer.
      await waitUntil(
        'the feedback is taken',
        async () => (await call(listening.url, '/router/feedback', { key: masterKey, body })).status === 200,
        patient,
      )
    }
    await Promise.all(Array.from({ length: 60 }, (_, index) => judge(index)))
    const before = await agree('all have learned the same')
    await replicas[0]?.restart('SIGKILL')
    expect(await agree('the killed one has it again')).toBe(before)
  },
  120_000,
)
