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
    isRegistryPublic: settings.boolean('registry.public_read'),
    publishNeedsBenchmark: settings.boolean('publish.require_benchmark'),
  }
}
