import { defineCommand, readCount, type SkillsContext } from '../command.ts'
import { formatShare, formatTable } from '../format-table.ts'
import { type Json, skillPath } from '../gateway-client.ts'

/** Asks without leaving a trace: no decision is stored, nothing explored. */
export const route = defineCommand({
  usage: 'QUERY',
  summary: 'which skills a request would be offered (nothing is recorded)',
  arity: [1, 1],
  options: {
    agent: { type: 'string' },
    category: { type: 'string' },
    model: { type: 'string' },
    'top-k': { type: 'string' },
    explain: { type: 'boolean' },
    fragment: { type: 'boolean' },
  },
  async run(context, { values, names: [query = ''] }) {
    const answer = await context.gateway.post('/api/v1/skills/route', {
      query,
      top_k: readCount('top-k', values['top-k']),
      agent_name: values.agent,
      category: values.category,
      model: values.model,
      include_attachments: false,
      dry_run: true,
      explain: values.explain === true,
    })
    showEnvelope(context, answer, values.fragment === true)
    return 0
  },
})

export const menu = defineCommand({
  usage: '',
  summary: 'the whole menu as a model gets to see it',
  arity: [0, 0],
  options: { agent: { type: 'string' }, category: { type: 'string' } },
  async run(context, { values }) {
    const answer = await context.gateway.get('/api/v1/skills/menu', {
      agent_name: values.agent,
      category: values.category,
      include_attachments: false,
    })
    showEnvelope(context, answer, true)
    return 0
  },
})

function showEnvelope(context: SkillsContext, answer: Json, asFragment: boolean): void {
  const {
    skills,
    strategy,
    abstained,
    degraded_reason: degraded,
    routing_hint: hint,
  } = answer as {
    skills?: readonly Json[]
    strategy?: string
    abstained?: boolean
    degraded_reason?: string
    routing_hint?: string
  }
  if (degraded !== undefined) context.note(`degraded: ${degraded}`)
  context.show(answer, () => {
    if (asFragment) return [String(answer['prompt_fragment'] ?? '').trimEnd(), ...(hint ? ['', hint] : [])]
    const rows = (skills ?? []).map((skill) => [
      skill['name'],
      formatShare(skill['relevance']),
      skill['score'],
      skill['selected'] === true ? 'yes' : '',
      explanationOf(answer, skill),
    ])
    const verdict =
      abstained === true ? 'no skill fits well enough' : `${strategy ?? '-'}, ${rows.length} rows`
    return [...formatTable(['SKILL', 'RELEVANCE', 'SCORE', 'SELECTED', 'WHY'], rows), '', verdict]
  })
}

/** What `explain` says of one row, whether it is keyed by name or listed in rows. */
function explanationOf(answer: Json, skill: Json): string {
  const { rows } = (answer['explain'] ?? {}) as { rows?: readonly Json[] }
  const row = rows?.find((candidate) => candidate['name'] === skill['name'])
  if (row === undefined) return ''
  const { name: _, skill_id: __, ...rest } = row
  return JSON.stringify(rest)
}

export const explain = defineCommand({
  usage: 'ROUTING_ID',
  summary: 'one decision: what was offered, loaded, and came of it',
  arity: [1, 1],
  options: {},
  async run({ gateway, show }, { names: [routingId = ''] }) {
    const answer = await gateway.get(`/api/v1/skills/routing/${encodeURIComponent(routingId)}`)
    const rows = (answer['rows'] ?? []) as readonly Json[]
    const traces = (answer['traces'] ?? []) as readonly Json[]
    show(answer, () => [
      `${answer['strategy']} for ${answer['agent_name'] ?? 'no agent'} at ${answer['created_at']}, ${answer['closed'] === true ? 'closed' : 'no trace yet'}`,
      '',
      ...formatTable(
        ['SKILL', 'RANK', 'RELEVANCE', 'PROPENSITY', 'DELIVERED', 'ACTIVATED'],
        rows.map((row) => [
          row['name'],
          row['rank'],
          formatShare(row['relevance']),
          row['propensity'],
          row['delivered'],
          row['activated'],
        ]),
      ),
      ...traces.map(
        (trace) =>
          `trace ${trace['trace_id']}: ${trace['status']}, verdict ${trace['verdict'] ?? 'open'} (${trace['model_name'] ?? '-'})`,
      ),
    ])
    return 0
  },
})

export const compare = defineCommand({
  usage: 'NAME BASELINE CANDIDATE',
  summary: 'two versions of a skill, by number or hash, in how they fared',
  arity: [3, 3],
  options: { agent: { type: 'string' }, model: { type: 'string' } },
  async run({ gateway, show }, { values, names: [name = '', baseline = '', candidate = ''] }) {
    const hashes = await Promise.all([baseline, candidate].map((version) => findHash(gateway, name, version)))
    const answer = await gateway.get('/api/v1/skills/analytics/compare', {
      skill_name: name,
      baseline_hash: hashes[0],
      candidate_hash: hashes[1],
      agent_name: values.agent,
      model: values.model,
    })
    const arms = [answer['baseline'], answer['candidate']] as readonly (Json | undefined)[]
    show(answer, () => [
      ...formatTable(
        ['', 'VERSION', 'JUDGED', 'PASSED', 'RATE', 'INTERVAL'],
        arms.map((arm, index) => [
          index === 0 ? 'baseline' : 'candidate',
          arm?.['version_number'],
          arm?.['judged_count'],
          arm?.['pass_count'],
          formatShare(arm?.['pass_rate']),
          arm?.['ci'],
        ]),
      ),
      '',
      `${answer['verdict']}${answer['reason'] ? ` (${answer['reason']})` : ''}, p = ${answer['p_value'] ?? '-'}, ${answer['required_n_per_arm'] ?? '-'} judged a side would tell a difference of five points`,
    ])
    return 0
  },
})

/** The hash of a version given by number; a text that is no small number is a hash already. */
async function findHash(gateway: SkillsContext['gateway'], name: string, version: string): Promise<string> {
  if (!/^v?\d{1,9}$/.test(version)) return version
  const answer = await gateway.get(skillPath(name, `/versions/${version.replace(/^v/, '')}`))
  return String(answer['content_hash'])
}
