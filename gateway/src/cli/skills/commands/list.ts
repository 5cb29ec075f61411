import { defineCommand, readCount } from '../command.ts'
import { formatTable } from '../format-table.ts'
import { type Json, skillPath } from '../gateway-client.ts'

export const list = defineCommand({
  usage: '',
  summary: 'the skills of the workspace',
  arity: [0, 0],
  options: { category: { type: 'string' }, q: { type: 'string' }, limit: { type: 'string' } },
  async run({ gateway, show }, { values }) {
    const limit = readCount('limit', values.limit)
    const answer = await gateway.get('/api/v1/skills', { category: values.category, q: values.q, limit })
    const skills = (answer['skills'] ?? []) as readonly Json[]
    show(answer, () =>
      skills.length === 0
        ? ['There are no skills yet. `routeiq skills sync ./skills` brings those of a folder.']
        : formatTable(
            ['NAME', 'VERSION', 'SAFETY', 'DESCRIPTION'],
            skills.map((skill) => [
              skill['name'],
              (skill['latest_version'] as Json | undefined)?.['version_number'],
              skill['safety_status'],
              String(skill['description'] ?? '').slice(0, 80),
            ]),
          ),
    )
    return 0
  },
})

export const show = defineCommand({
  usage: 'NAME',
  summary: 'one skill: its facts, then its text',
  arity: [1, 1],
  options: {},
  async run(context, { names: [name = ''] }) {
    const skill = await context.gateway.get(skillPath(name))
    const facts = [
      'name',
      'skill_id',
      'url_slug',
      'description',
      'category',
      'tags',
      'offer_scope',
      'safety_status',
      'source',
      'updated_at',
    ]
    const version = skill['latest_version'] as Json | undefined
    context.show(skill, () => [
      ...formatTable(
        ['version', String(version?.['version_number'] ?? '-')],
        facts.map((fact) => [fact, skill[fact]]),
      ),
      '',
      String(skill['body_markdown'] ?? ''),
    ])
    return 0
  },
})
