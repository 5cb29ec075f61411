import type { SkillRouterConfig } from '../config.ts'
import type { ConfigSections } from './config-sections.ts'

/** The knobs of the Skill Router, shares and counts held to what they can mean. */
export function readSkillRouterConfig({ settings }: ConfigSections): SkillRouterConfig {
  const share = (id: string): number => Math.min(1, Math.max(0, settings.number(id)))
  const count = (id: string): number => Math.max(0, settings.number(id))
  return {
    fusion: settings.text('skills.router.fusion') === 'rrf' ? 'rrf' : 'gated',
    embedder: settings.text('skills.router.embedder') === 'none' ? 'none' : 'static',
    embeddingModel: settings.text('skills.router.embedding_model'),
    embeddingDimensions: Math.max(1, settings.number('skills.router.embedding_dimensions')),
    onEmbedderMissing:
      settings.text('skills.router.on_embedder_missing') === 'full_menu' ? 'full_menu' : 'lexical',
    minRelevance: share('skills.router.min_relevance'),
    hintK: count('skills.router.hint_k'),
    exploreRate: share('skills.router.explore_rate'),
    holdoutRate: share('skills.router.holdout_rate'),
    stableMenuMaxTokens: count('skills.router.stable_menu_max_tokens'),
    maxIndexedSkills: count('skills.router.max_indexed_skills'),
    captureContent: settings.boolean('skills.router.capture_content'),
  }
}
