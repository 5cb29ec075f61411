import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'

export interface SdkAnswer {
  readonly text: string
  readonly routingId: string | null
}

interface Access {
  readonly url: string
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
}

interface Question {
  readonly model: string
  readonly question: string
  readonly stream: boolean
}

type Ask = (access: Access, question: Question) => Promise<SdkAnswer>

const routingId = ({ headers }: Response): string | null => headers.get('x-routeiq-routing-id')

const askChat: Ask = async ({ url, key, headers }, { model, question, stream }) => {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, defaultHeaders: headers })
  const body = { model, messages: [{ role: 'user' as const, content: question }] }
  if (!stream) {
    const { data, response } = await openai.chat.completions.create(body).withResponse()
    return { text: data.choices[0]?.message.content ?? '', routingId: routingId(response) }
  }
  const { data, response } = await openai.chat.completions.create({ ...body, stream }).withResponse()
  let text = ''
  for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? ''
  return { text, routingId: routingId(response) }
}

const askResponses: Ask = async ({ url, key, headers }, { model, question, stream }) => {
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: key, defaultHeaders: headers })
  const body = { model, input: question }
  if (!stream) {
    const { data, response } = await openai.responses.create(body).withResponse()
    return { text: data.output_text, routingId: routingId(response) }
  }
  const { data, response } = await openai.responses.create({ ...body, stream }).withResponse()
  let text = ''
  for await (const event of data) if (event.type === 'response.output_text.delta') text += event.delta
  return { text, routingId: routingId(response) }
}

const askMessages: Ask = async ({ url, key, headers }, { model, question, stream }) => {
  const anthropic = new Anthropic({ baseURL: url, apiKey: key, defaultHeaders: headers })
  const body = { model, max_tokens: 100, messages: [{ role: 'user' as const, content: question }] }
  if (!stream) {
    const { data, response } = await anthropic.messages.create(body).withResponse()
    return { text: readText(data.content), routingId: routingId(response) }
  }
  const { data, response } = await anthropic.messages.stream(body).withResponse()
  return { text: readText((await data.finalMessage()).content), routingId: routingId(response) }
}

/** A block of another kind shows as its name. */
const readText = (content: readonly Anthropic.ContentBlock[]): string =>
  content.map((block) => (block.type === 'text' ? block.text : block.type)).join('')

const clients = {
  'openai chat': askChat,
  'openai responses': askResponses,
  'anthropic messages': askMessages,
} as const

type SdkName = keyof typeof clients

export const sdkNames = Object.keys(clients) as readonly SdkName[]

/** One question through an official SDK. */
export function askThroughSdk(name: SdkName, access: Access, question: Question): Promise<SdkAnswer> {
  return clients[name](access, question)
}
