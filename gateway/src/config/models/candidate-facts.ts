import { z } from 'zod'
import type { Report } from '../report.ts'
import type { ReadFile } from '../source/include-files.ts'
import type { UnknownRecord } from '../values/coerce.ts'

const source = 'LLMROUTER_LLM_DATA_PATH'

/** LLMRouter's description of models, as far as it says what a model is good for. Prices are those of the catalogue. */
const candidatesSchema = z.record(
  z.string(),
  z.object({
    quality_score: z.number().min(0).max(1).nullish(),
    tier: z.string().min(1).nullish(),
    size: z.union([z.string(), z.number()]).nullish(),
    context_window: z.number().int().positive().nullish(),
    capabilities: z.array(z.string()).default([]),
  }),
)

/** What LLMRouter calls an ability, and we do. */
const abilities: Readonly<Record<string, string>> = {
  ...{ tools: 'supports_function_calling', function_calling: 'supports_function_calling' },
  ...{ vision: 'supports_vision', reasoning: 'supports_reasoning', pdf: 'supports_pdf_input' },
  ...{ audio: 'supports_audio_input', json_schema: 'supports_response_schema' },
}

/** What a file of candidates says of models, as their `model_info` would; by `model_name`. Empty without a file. */
export function readCandidateFacts(
  path: string | null,
  readFile: ReadFile,
  report: Report,
): ReadonlyMap<string, UnknownRecord> {
  if (path === null) return new Map()
  const text = readFile(path)
  const candidates = text === null ? null : parse(text, report)
  if (text === null) report.fatal(source, `there is no file ${path}`)
  return new Map(
    Object.entries(candidates ?? {}).map(([name, { capabilities, context_window, ...facts }]) => [
      name,
      Object.fromEntries([
        ...Object.entries({ ...facts, max_input_tokens: context_window }).filter(
          ([, value]) => value !== null && value !== undefined,
        ),
        ...capabilities.flatMap((one) => (abilities[one] === undefined ? [] : [[abilities[one], true]])),
      ]),
    ]),
  )
}

function parse(text: string, report: Report): z.output<typeof candidatesSchema> | null {
  try {
    const parsed = candidatesSchema.safeParse(JSON.parse(text))
    for (const { path, message } of parsed.error?.issues ?? [])
      report.fatal(source, `${path.join('.')}: ${message}`)
    return parsed.data ?? null
  } catch {
    report.fatal(source, 'the file is no JSON')
    return null
  }
}
