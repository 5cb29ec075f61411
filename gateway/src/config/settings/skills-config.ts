import type { SkillsConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** What the skill store takes and serves. */
export function readSkillsConfig({ settings }: ConfigSections): SkillsConfig {
  return {
    scan: {
      onBlock: (settings.text('skills.scan.on_block') ?? 'quarantine') as SkillsConfig['scan']['onBlock'],
      onFlag: settings.text('skills.scan.on_flag') === 'quarantine' ? 'quarantine' : 'allow',
    },
    isStrict: settings.text('skills.validation') === 'strict',
    minBodyChars: settings.number('skills.min_body_chars'),
    mode: readMode(settings.text('skills.mode')),
    neutralDialect: settings.text('skills.neutral_dialect') === 'openai' ? 'openai' : 'anthropic',
    isRegistryPublic: settings.boolean('registry.public_read'),
    publishNeedsBenchmark: settings.boolean('publish.require_benchmark'),
  }
}

/** `litellm` is LiteLLM's word for its own database. */
function readMode(mode: string | null): SkillsConfig['mode'] {
  if (mode === 'database' || mode === 'litellm') return 'database'
  return mode === 'passthrough' ? 'passthrough' : 'auto'
}
