export type SettingType = 'text' | 'boolean' | 'integer' | 'number' | 'list' | 'choice' | 'json'

/** One setting that the environment can change, with every name it answers to. */
export interface Setting {
  /**
   * Dotted path. `resilience.max_concurrent_requests` is also `ROUTEIQ_RESILIENCE__MAX_CONCURRENT_REQUESTS` and
   * `routeiq.resilience.max_concurrent_requests`; paths under `general_settings` and the like exist only there.
   */
  readonly id: string
  readonly type: SettingType
  /** Null where the setting has no default. */
  readonly default: unknown
  readonly meaning: string
  /** Flat names, the documented one first, legacy aliases after it. */
  readonly names: readonly string[]
  readonly availability: 'available' | 'planned'
  /** What a value changes now: the configuration, only the findings, or (by contract, or until built) nothing. */
  readonly effect: 'configuration' | 'diagnostics' | 'none'
  /** Paths in the configuration file that beat the environment (LiteLLM's order). */
  readonly file: readonly string[]
  /** Accepted words of a `choice`, lower case. */
  readonly choices: readonly string[]
  /** Words that leave a planned feature off; any other value asks for it. Null: the setting only tunes. */
  readonly offWords: readonly string[] | null
  /** How loudly a planned feature that is asked for is refused. */
  readonly whenAsked: 'error' | 'warning'
  /** A value unlike the default, for tests and the documentation; empty where one can be derived. */
  readonly example: string
}

type Extra = Partial<Pick<Setting, 'file' | 'choices' | 'offWords' | 'whenAsked' | 'example' | 'effect'>>

const plain = {
  effect: 'configuration',
  file: [],
  choices: [],
  offWords: null,
  whenAsked: 'error',
  example: '',
} satisfies Partial<Setting>

/** A setting that works in this release. */
export function available(
  id: string,
  type: SettingType,
  standard: unknown,
  meaning: string,
  names: readonly string[] = [],
  extra: Extra = {},
): Setting {
  return { ...plain, id, type, default: standard, meaning, names, availability: 'available', ...extra }
}

/** A setting that is accepted for compatibility and changes nothing, by contract. */
export function accepted(
  id: string,
  type: SettingType,
  standard: unknown,
  meaning: string,
  names: readonly string[] = [],
): Setting {
  return available(id, type, standard, meaning, names, { effect: 'none' })
}

/** A setting that tunes something a later release brings; accepted silently. */
export function planned(
  id: string,
  type: SettingType,
  standard: unknown,
  meaning: string,
  names: readonly string[] = [],
  extra: Extra = {},
): Setting {
  return {
    ...plain,
    id,
    type,
    default: standard,
    meaning,
    names,
    availability: 'planned',
    effect: 'none',
    ...extra,
  }
}

/** A boolean, off by default, that switches on a feature of a later release. */
export function plannedSwitch(
  id: string,
  meaning: string,
  names: readonly string[] = [],
  extra: Extra = {},
): Setting {
  return planned(id, 'boolean', false, meaning, names, { offWords: ['false', '0', 'no', 'off'], ...extra })
}

/** A setting whose presence asks for a feature of a later release. */
export function plannedRequest(
  id: string,
  type: SettingType,
  meaning: string,
  names: readonly string[] = [],
  extra: Extra = {},
): Setting {
  return planned(id, type, null, meaning, names, { offWords: [], ...extra })
}

const untreed = ['general_settings.', 'litellm_settings.', 'router_settings.', 'process.']

/** True when the setting belongs to the `routeiq:` tree. */
export function isTreeSetting(setting: Setting): boolean {
  return !untreed.some((prefix) => setting.id.startsWith(prefix))
}

/** `ROUTEIQ_<GROUP>__<FIELD>`, one `__` a level; null for settings outside the groups of the tree. */
export function treeName(setting: Setting): string | null {
  const dot = setting.id.indexOf('.')
  if (dot < 0 || !isTreeSetting(setting)) return null
  return `ROUTEIQ_${setting.id.replaceAll('.', '__')}`.toUpperCase()
}
