import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { defineCommand, readCount, type SkillsContext } from '../command.ts'
import { readSkillFolder } from '../disk/read-folder.ts'
import { toSyncItem } from '../disk/sync-item.ts'
import { formatTable } from '../format-table.ts'
import { CommandFailure, type Json, skillPath } from '../gateway-client.ts'

/** A run calls a model twice for every case: it may take its time. */
const runTimeoutMs = 30 * 60_000

export const benchmark = defineCommand({
  usage: 'DIR',
  summary: 'send a skill and run its eval.yaml with and without it',
  arity: [1, 1],
  options: { model: { type: 'string' }, runs: { type: 'string' } },
  async run(context, { values, names: [given = ''] }) {
    const runs = readCount('runs', values.runs)
    const local = await readSkillFolder(resolve(context.directory, given))
    const item = toSyncItem(local)
    if (item['eval_yaml_text'] === undefined)
      throw new CommandFailure(`${given} holds no eval.yaml with cases to run`)
    const synced = await context.gateway.post('/api/v1/skills/sync', {
      skills: [item],
      conflict_policy: 'local_wins',
      response_mode: 'diff',
    })
    const failed = ((synced['actions'] ?? []) as readonly Json[]).find(({ action }) => action === 'failed')
    if (failed !== undefined) throw new CommandFailure(`${item.name}: ${failed['error']}`)
    const answer = await context.gateway.request(skillPath(item.name, '/benchmark/run'), {
      method: 'POST',
      query: { model: values.model, runs, triggered_by: 'cli' },
      timeoutMs: runTimeoutMs,
    })
    return showRun(context, item.name, answer)
  },
})

export const push = defineCommand({
  usage: 'RESULTS.json',
  summary: 'hand in the results of a benchmark that ran elsewhere',
  arity: [1, 1],
  options: { skill: { type: 'string' } },
  async run(context, { values, names: [given = ''] }) {
    const document = await readJson(resolve(context.directory, given))
    const skill = values.skill ?? document['skill_name'] ?? document['skill']
    if (typeof skill !== 'string') throw new CommandFailure('--skill says whose results they are', 2)
    const answer = await context.gateway.post(skillPath(skill, '/benchmark/import'), document)
    context.show(answer, () => [
      `${answer['imported_cases']} of ${answer['total_cases']} cases taken (${answer['skipped_cases']} skipped): ${answer['overall_verdict']}`,
    ])
    return 0
  },
})

async function readJson(path: string): Promise<Json> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json
  } catch (error) {
    throw new CommandFailure(`${path} cannot be read: ${(error as Error).message}`, 2)
  }
  throw new CommandFailure(`${path} is no JSON object`, 2)
}

function showRun(context: SkillsContext, name: string, answer: Json): number {
  const results = (answer['results'] ?? []) as readonly Json[]
  context.show(answer, () => [
    `${name}: ${answer['overall_verdict'] ?? answer['status'] ?? 'done'}`,
    ...(results.length === 0
      ? []
      : formatTable(
          ['CASE', 'OUTCOME'],
          results.map((row) => [row['name'] ?? row['case'], row['outcome']]),
        )),
  ])
  return answer['overall_verdict'] === 'error_dominated' || answer['overall_verdict'] === 'regressed' ? 1 : 0
}
