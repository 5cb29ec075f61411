// Run by Node 22 in a folder that has the packages: one session of each client, its findings as JSON on standard output.
import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { GoogleGenAI } from '@google/genai'
import { ChatOpenAI } from '@langchain/openai'
import { Agent, tool as agentTool, OpenAIProvider, Runner } from '@openai/agents'
import { generateText, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { z } from 'zod'

const [baseURL, apiKey, model] = process.argv.slice(2)
const question = 'How is the weather in Paris?'
const weather = { city: z.object({ city: z.string() }), in: ({ city }) => `${city}: sunny` }
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 })
const found = {}

const response = await client.responses.create({ model, input: 'Hello' })
found.openai = response.output_text
found.openaiRetrieved = (await client.responses.retrieve(response.id)).id === response.id
found.openaiStream = (await client.responses.stream({ model, input: 'Hello' }).finalResponse()).output_text
found.openaiChat = (
  await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'Hello' }] })
).choices[0].message.content
found.openaiError = await client.responses
  .create({ model: 'nobody', input: 'x' })
  .catch((error) => error.status)

const gateway = baseURL.replace(/\/v1$/, '')
const languageModels = {
  openai: createOpenAI({ baseURL, apiKey })(model),
  compatible: createOpenAICompatible({ name: 'gateway', baseURL, apiKey })(model),
  anthropic: createAnthropic({ baseURL, apiKey })(model),
  google: createGoogleGenerativeAI({ baseURL: `${gateway}/v1beta`, apiKey })(model),
}
const tools = {
  get_weather: tool({ description: 'Weather.', inputSchema: weather.city, execute: weather.in }),
}
for (const [name, languageModel] of Object.entries(languageModels)) {
  const options = { model: languageModel, prompt: question, tools, stopWhen: stepCountIs(3), maxRetries: 0 }
  found[`ai ${name}`] = [(await generateText(options)).text, await streamText(options).text]
}

const genai = new GoogleGenAI({ apiKey, httpOptions: { baseUrl: gateway } })
const whole = (await genai.models.generateContent({ model, contents: 'Hello' })).text
let pieces = ''
for await (const piece of await genai.models.generateContentStream({ model, contents: 'Hello' }))
  pieces += piece.text ?? ''
const unknown = await genai.models
  .generateContent({ model: 'nobody', contents: 'x' })
  .catch((error) => error.status)
found.genai = [whole, pieces, unknown]

const langchain = new ChatOpenAI({ model, apiKey, configuration: { baseURL }, maxRetries: 0 })
found.langchain = (await langchain.invoke('Hello')).content

const modelProvider = new OpenAIProvider({ openAIClient: client, useResponses: true })
const getWeather = agentTool({
  name: 'get_weather',
  description: 'Weather.',
  parameters: weather.city,
  execute: async (input) => weather.in(input),
})
const agent = new Agent({ name: 'Weather', instructions: 'Be brief.', model, tools: [getWeather] })
const runner = new Runner({ modelProvider, tracingDisabled: true })
found.agents = (await runner.run(agent, question)).finalOutput

const nobody = createOpenAI({ baseURL, apiKey })('nobody')
found.aiError = await generateText({ model: nobody, prompt: 'x', maxRetries: 0 }).catch(
  (error) => error.statusCode,
)
found.langchainError = await new ChatOpenAI({
  model: 'nobody',
  apiKey,
  configuration: { baseURL },
  maxRetries: 0,
})
  .invoke('x')
  .catch((error) => error.status)

// Streams that are left after their first event.
const leaving = new AbortController()
const left = streamText({
  model: languageModels.openai,
  prompt: 'Hello',
  abortSignal: leaving.signal,
  onError() {},
})
for await (const _ of left.textStream) {
  leaving.abort()
  break
}
for await (const _ of await langchain.stream('Hello')) break
const events = await client.chat.completions.create({
  model,
  messages: [{ role: 'user', content: 'Hello' }],
  stream: true,
})
for await (const _ of events) break
for await (const _ of await genai.models.generateContentStream({ model, contents: 'Hello' })) break

process.stdout.write(JSON.stringify(found))
