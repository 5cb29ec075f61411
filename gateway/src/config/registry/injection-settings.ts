import { available, type Setting } from './setting.ts'

/** Skills that the gateway itself puts into requests. */
export const injectionSettings: readonly Setting[] = [
  available(
    'skills.injection.default',
    'text',
    'off',
    'What requests get of skills unless they say so: `off`, `menu`, `auto` or names, as in `x-routeiq-skills`',
    [],
    { example: 'auto' },
  ),
  available(
    'skills.injection.allow_override',
    'boolean',
    true,
    'Whether callers may say otherwise with `x-routeiq-skills`',
  ),
  available('skills.injection.menu_tokens', 'integer', 4_000, 'Tokens of the menu in a prompt'),
  available('skills.injection.bodies', 'integer', 3, 'Skills a model may read in one turn'),
  available('skills.injection.body_tokens', 'integer', 6_000, 'Tokens of all skills read in one turn'),
  available(
    'skills.injection.rounds',
    'integer',
    3,
    'Upstream calls that reading skills may add to a request',
  ),
  available(
    'skills.injection.route_timeout_ms',
    'integer',
    50,
    'Milliseconds the Skill Router has to choose',
  ),
  available(
    'skills.injection.preamble',
    'choice',
    'send',
    'What a model says before it reads a skill: sent as it comes, or held back up to 200 characters and left out when a call for a skill follows',
    [],
    { choices: ['send', 'hold'] },
  ),
  available(
    'skills.injection.files',
    'boolean',
    false,
    'Offers `read_skill_file` beside `load_skill`, for the text files of a skill up to 64 KiB',
  ),
  available(
    'skills.placement',
    'choice',
    'after_system',
    "Where the menu stands: behind the caller's instructions or in front of them",
    [],
    { choices: ['after_system', 'before_system'] },
  ),
  available(
    'skills.cache_control',
    'choice',
    'auto',
    'Marks the menu for prompt caching: when it comes again and again, always, or never',
    [],
    { choices: ['auto', 'always', 'never'] },
  ),
]
