import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { audioBytes } from '../harness/media-wire.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { readFencedBlocks } from './fenced-blocks.ts'
import { runScript } from './run-script.ts'

const blocks = readFencedBlocks().filter(({ place }) => place.startsWith('docs/media.md'))
const commands = blocks.filter(({ language }) => language === 'bash')
const config = blocks.find(({ language }) => language === 'yaml')?.text ?? ''

let upstream: ScriptedUpstream
let gateway: Gateway

beforeAll(async () => {
  upstream = await startScriptedUpstream()
  const { origin, openaiBase, anthropicBase } = upstream
  gateway = await startGateway({
    config,
    env: {
      OPENAI_API_KEY: 'sk-openai',
      OPENAI_API_BASE: openaiBase,
      COHERE_API_KEY: 'cohere',
      COHERE_API_BASE: origin,
      ANTHROPIC_API_KEY: 'sk-ant',
      ANTHROPIC_API_BASE: anthropicBase,
      SEARCH_TOKEN: 'token',
    },
  })
  for (const name of ['photo.png', 'sky.png', 'speech.wav'])
    writeFileSync(join(gateway.dataDir, name), audioBytes)
})

afterAll(async () => {
  await gateway?.stop()
  await upstream?.close()
})

it('has an example for every family', () => {
  const paths = commands.map(({ text }) => /localhost:4000(\/\S+)/.exec(text)?.[1])
  expect(paths).toEqual([
    '/v1/images/generations',
    '/v1/images/edits',
    '/v1/audio/transcriptions',
    '/v1/audio/speech',
    '/v1/moderations',
    '/v1/rerank',
    '/utils/token_counter',
    '/anthropic/v1/messages',
  ])
})

it.each(commands)('gets an answer: $place', async ({ text }) => {
  const script = `export ROUTEIQ_KEY=${gateway.masterKey}\n${text.replaceAll('http://localhost:4000', gateway.url)}`
  const { code, output } = await runScript(script, gateway.dataDir)
  expect({ code, output }).toEqual({ code: 0, output })
  expect(output).not.toBe('')
})
