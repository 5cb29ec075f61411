import type { A2aConfig } from '../config.ts'
import type { Report } from '../report.ts'
import { isRecord, type UnknownRecord } from '../values/coerce.ts'
import { Section } from '../values/section.ts'
import type { ConfigSections } from './config-sections.ts'

/** `routeiq.a2a`, and the agents of `agent_list` (or `agents`). Entries that cannot be used are reported and left out. */
export function readA2aConfig(root: UnknownRecord, { settings, report }: ConfigSections): A2aConfig {
  const agents = [
    ...readAgents(root['agent_list'], 'agent_list', report),
    ...readAgents(root['agents'], 'agents', report),
  ]
  const cardDefault = settings.text('a2a.card_default')
  return {
    isEnabled: settings.isGiven('a2a.enabled') ? settings.boolean('a2a.enabled') : agents.length > 0,
    baseUrl: settings.text('a2a.base_url')?.replace(/\/+$/, '') ?? null,
    taskTtlMs: settings.number('a2a.task_ttl_seconds') * 1000,
    maxTasks: settings.number('a2a.task_store_max_tasks'),
    messagesPerMinute: settings.number('a2a.task_rate_limit'),
    iterationsTtlMs: settings.number('process.max_iterations_ttl') * 1000,
    sessionBudgetTtlMs: settings.number('process.max_budget_per_session_ttl') * 1000,
    taskScope: settings.text('a2a.task_scope') === 'team' ? 'team' : 'principal',
    synthesisesStreams: settings.boolean('a2a.synthesise_streams'),
    passesBytes: settings.boolean('a2a.raw_streaming_enabled'),
    pieceBytes: Math.max(1, settings.number('a2a.raw_streaming_chunk_size')),
    maxStreamMs: settings.number('a2a.max_stream_seconds') * 1000,
    cardDefault: cardDefault === '1.0' || cardDefault === '0.3' ? cardDefault : 'hybrid',
    tracesCalls: settings.boolean('a2a.tracing_enabled'),
    tellsIdentity: settings.boolean('a2a.identity_headers'),
    pinsCards: settings.boolean('a2a.pin_cards'),
    rootAgent: settings.text('a2a.root_agent'),
    agents,
  }
}

function readAgents(list: unknown, key: string, report: Report): UnknownRecord[] {
  if (!Array.isArray(list)) return []
  const names = new Set<string>()
  return list.flatMap((entry, index) => {
    const place = [key, index]
    const section = new Section(entry, place, report)
    const name = section.text('agent_name') ?? ''
    const url =
      section.text('url') ?? new Section(section.values['agent_card_params'], place, report).text('url')
    if (!/^[^\s/]{1,128}$/.test(name) || name === 'agents') {
      report.warn(place, 'an agent needs an agent_name without spaces and slashes; the entry is left out')
      return []
    }
    if (names.has(name)) {
      report.warn(place, `the agent_name ${name} is taken; the entry is left out`)
      return []
    }
    if (url === null || !/^https?:\/\/./.test(url)) {
      report.warn(place, `${name} needs a url that begins with http:// or https://; the entry is left out`)
      return []
    }
    if (new Section(section.values['litellm_params'], place, report).values['guardrails'] !== undefined)
      report.warn(place, `guardrails of agents are not supported yet; messages to ${name} pass unchecked`)
    names.add(name)
    return isRecord(entry) ? [{ ...entry, url }] : []
  })
}
