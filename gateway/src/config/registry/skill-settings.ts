import { available, type Setting } from './setting.ts'

/** How skills are offered to agents. */
export const skillSettings: readonly Setting[] = [
  available(
    'skills.router.fusion',
    'choice',
    'gated',
    'How the lists of a search become one: weighed and gated by the request, or by reciprocal ranks',
    [],
    { choices: ['gated', 'rrf'] },
  ),
  available(
    'skills.router.embedder',
    'choice',
    'static',
    'Finds skills by meaning with the built-in table, or by words alone',
    [],
    { choices: ['static', 'none'] },
  ),
  available(
    'skills.router.embedding_model',
    'text',
    null,
    'A model of this gateway that embeds skills and requests, in the place of the built-in table',
  ),
  available(
    'skills.router.embedding_dimensions',
    'integer',
    1_536,
    'How many numbers the vectors of `embedding_model` have',
  ),
  available(
    'skills.router.on_embedder_missing',
    'choice',
    'lexical',
    'Without an embedding of the request: rank by words, or offer the full menu',
    [],
    { choices: ['lexical', 'full_menu'] },
  ),
  available(
    'skills.router.min_relevance',
    'number',
    0.15,
    'From which relevance on (0 to 1) a skill is selected; below it nothing is offered',
  ),
  available('skills.router.hint_k', 'integer', 3, 'Skills named in the hint'),
  available(
    'skills.router.explore_rate',
    'number',
    0.1,
    'How often (0 to 1) the last place goes to a skill with little evidence',
  ),
  available(
    'skills.router.holdout_rate',
    'number',
    0,
    'How often (0 to 1) nothing is offered, to measure what skills change',
    [],
    { example: '0.05' },
  ),
  available(
    'skills.router.stable_menu_max_tokens',
    'integer',
    4_000,
    'Tokens of the menu that stays the same from request to request',
  ),
  available(
    'skills.router.max_indexed_skills',
    'integer',
    250_000,
    'Skills of all workspaces together that a process keeps in memory',
  ),
  available(
    'skills.router.capture_content',
    'boolean',
    false,
    'Keeps the text of requests with their decisions; skills then learn from those that went well',
  ),
]
