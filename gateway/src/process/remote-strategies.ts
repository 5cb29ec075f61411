import type { RemoteAdvice } from '@routeiq/router'
import { z } from 'zod'
import type { AskRemote, RemoteQuestion, RemoteStrategy } from '../model-routing/remote-strategy.ts'
import { pluginScheme } from '../plugins/plugin-strategies.ts'
import { moduleScheme } from '../plugins/strategy-modules.ts'
import { CallBreaker } from '../storage/shared-state/call-breaker.ts'
import { refuseOperatorHost } from '../transport/egress/operator-egress.ts'
import { postForBytes } from '../transport/fetch-bytes.ts'
import type { Transport } from '../transport/transport.ts'

const maxBytes = 65_536
/** More is not waited for, whatever the arguments say: the request waits as long. */
const longestMs = 10_000

const answerSchema = z.object({
  model: z.string().nullish(),
  scores: z.record(z.string(), z.number().min(0).max(1)).nullish(),
})
const completionSchema = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string().nullable() }) })).min(1),
})

export interface RemoteStrategiesOptions {
  readonly transport: Transport
  /** Asks a strategy of a plugin, and one that is a module. */
  readonly askPlugin: AskHere
  readonly askModule: AskHere
  readonly now: () => number
  readonly onFailed: (origin: string, error: unknown) => void
}

type AskHere = (url: string, question: RemoteQuestion, ms: number) => Promise<RemoteAdvice>

/** Asks strategies that are served over HTTP, and those of plugins and modules; one that failed five times in a row is left alone for a minute. */
export function createAskRemote({
  transport,
  askPlugin,
  askModule,
  now,
  onFailed,
}: RemoteStrategiesOptions): AskRemote {
  const breakers = new Map<string, CallBreaker>()
  return async (remote, question) => {
    const breaker = breakers.get(remote.url) ?? new CallBreaker(now)
    breakers.set(remote.url, breaker)
    if (!breaker.admits()) return null
    try {
      const askHere = remote.url.startsWith(pluginScheme)
        ? askPlugin
        : remote.url.startsWith(moduleScheme)
          ? askModule
          : null
      const advice =
        askHere === null
          ? await ask(transport, remote, question)
          : await askHere(remote.url, question, Math.min(longestMs, remote.timeoutMs))
      breaker.recordSuccess()
      return advice
    } catch (error) {
      breaker.recordFailure()
      onFailed(nameOf(remote), error)
      return null
    }
  }
}

/** Addresses may hold credentials. */
const nameOf = ({ url }: RemoteStrategy): string =>
  url.startsWith(pluginScheme) || url.startsWith(moduleScheme) ? url : new URL(url).origin

async function ask(
  transport: Transport,
  remote: RemoteStrategy,
  question: RemoteQuestion,
): Promise<RemoteAdvice> {
  const isChat = new URL(remote.url).pathname.endsWith('/chat/completions')
  const { bytes } = await postForBytes(remote.url, {
    ...{ transport, refuseHost: refuseOperatorHost, maxBytes },
    timeoutMs: Math.min(longestMs, remote.timeoutMs),
    accept: 'application/json',
    headers: [
      ...['content-type', 'application/json'],
      ...(remote.apiKey === null ? [] : ['authorization', `Bearer ${remote.apiKey}`]),
    ],
    body: Buffer.from(JSON.stringify(isChat ? describeChat(remote, question) : question)),
  })
  const answer: unknown = JSON.parse(bytes.toString('utf8'))
  if (isChat) return { model: readPick(completionSchema.parse(answer), question), scores: {} }
  const { model, scores } = answerSchema.parse(answer)
  if (model == null && scores == null) throw new Error('the answer names neither a model nor scores')
  return { model: model ?? null, scores: scores ?? {} }
}

function describeChat({ model }: RemoteStrategy, { query, models }: RemoteQuestion): object {
  const task = `Choose the model that should answer the user's message. Reply with one of these names and nothing else: ${models.join(', ')}`
  return {
    ...(model !== null && { model }),
    messages: [
      { role: 'system', content: task },
      { role: 'user', content: query },
    ],
    temperature: 0,
    max_tokens: 64,
  }
}

/** The name that was said; of several that occur the longest, since one may be the beginning of another. */
function readPick({ choices }: z.infer<typeof completionSchema>, { models }: RemoteQuestion): string {
  const said = choices[0]?.message.content ?? ''
  const named = models.filter((name) => said.includes(name))
  const [pick] = named.sort((one, other) => other.length - one.length)
  if (pick === undefined) throw new Error('the answer names no candidate')
  return pick
}
