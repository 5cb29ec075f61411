import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'

const path = new URL('fixtures/openai-openapi.json', import.meta.url)
const id = 'https://openapi.example/openai.json'

/** Objects of OpenAI's public OpenAPI document that the gateway emits. */
export type OpenaiSchema =
  | 'Response'
  | 'ResponseStreamEvent'
  | 'ResponseItemList'
  | 'TokenCountsResource'
  | 'CreateChatCompletionResponse'
  | 'CreateChatCompletionStreamResponse'
  | 'CreateCompletionResponse'
  | 'CreateEmbeddingResponse'
  | 'ListModelsResponse'
  | 'Model'
  | 'ErrorResponse'

interface Document {
  readonly components: {
    readonly schemas: Readonly<
      Record<string, { properties?: Readonly<Record<string, { enum?: readonly unknown[] }>> }>
    >
  }
}

const document = JSON.parse(readFileSync(path, 'utf8')) as Document
const validators = new Map<string, ValidateFunction>()
let compiler: Ajv2020 | null = null

/** What the public document finds wrong with a value; empty when nothing. */
export function schemaErrors(name: OpenaiSchema, value: unknown): string[] {
  const validate = validatorOf(name === 'ResponseStreamEvent' ? eventSchema(value) : name)
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}

function validatorOf(name: string): ValidateFunction {
  let validate = validators.get(name)
  if (validate === undefined) {
    compiler ??= createCompiler()
    validate = compiler.compile({ $ref: `${id}#/components/schemas/${name}` })
    validators.set(name, validate)
  }
  return validate
}

/** The one schema of the union that is meant, so that an error says what is wrong with it and not with all others. */
function eventSchema(event: unknown): string {
  const { type } = event as { type?: unknown }
  for (const [name, { properties }] of Object.entries(document.components.schemas)) {
    if (name.endsWith('Event') && properties?.['type']?.enum?.[0] === type) return name
  }
  return 'ResponseStreamEvent'
}

function createCompiler(): Ajv2020 {
  return new Ajv2020({ strict: false, validateFormats: false }).addSchema(document, id)
}
