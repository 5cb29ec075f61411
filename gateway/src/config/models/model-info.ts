import type { ModelInfo } from '../config.ts'
import type { Section } from '../values/section.ts'

/** `model_info`, with everything written kept in `raw`. */
export function readModelInfo(info: Section, id: string): ModelInfo {
  return {
    id,
    mode: info.text('mode') ?? 'chat',
    baseModel: info.text('base_model'),
    maxTokens: info.count('max_tokens'),
    maxInputTokens: info.count('max_input_tokens'),
    maxOutputTokens: info.count('max_output_tokens'),
    teamId: info.text('team_id'),
    teamPublicModelName: info.text('team_public_model_name'),
    accessGroups: info.textList('access_groups'),
    tier: info.text('tier'),
    blocked: info.boolean('blocked') ?? false,
    allowedFails: info.count('allowed_fails'),
    raw: info.values,
  }
}
