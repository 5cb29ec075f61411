import type { Report } from '../report.ts'
import type { UnknownRecord } from '../values/coerce.ts'
import { Section } from '../values/section.ts'
import type { ResolvedSettings } from './resolved-settings.ts'

/** The three LiteLLM maps and the resolved settings: what every reader of a part of the configuration needs. */
export interface ConfigSections {
  readonly router: Section
  readonly litellm: Section
  readonly general: Section
  readonly settings: ResolvedSettings
  readonly report: Report
}

export function openSections(
  root: UnknownRecord,
  settings: ResolvedSettings,
  report: Report,
): ConfigSections {
  const open = (name: string): Section => new Section(root[name], [name], report)
  return {
    router: open('router_settings'),
    litellm: open('litellm_settings'),
    general: open('general_settings'),
    settings,
    report,
  }
}

/** The first map that gives a usable value: `router_settings` beats `litellm_settings` beats `general_settings`. */
export function firstGiven<Value>(
  sections: ConfigSections,
  read: (section: Section) => Value | null,
): Value | null {
  return read(sections.router) ?? read(sections.litellm) ?? read(sections.general)
}

/** The first map that writes the key at all. */
export function sectionWith(sections: ConfigSections, key: string): Section | null {
  const all = [sections.router, sections.litellm, sections.general]
  return all.find((section) => section.values[key] !== undefined && section.values[key] !== null) ?? null
}
