import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { defineCommand, type SkillsContext } from '../command.ts'
import { formatShare, formatTable } from '../format-table.ts'
import { CommandFailure, type Json, skillPath } from '../gateway-client.ts'

/** A request together with the skill it should lead to; null when no skill fits. */
interface Example {
  readonly query: string
  readonly skill: string | null
}

interface Outcome extends Example {
  /** From 1; null when the skill was not among the first ten, or when none was expected. */
  readonly rank: number | null
  readonly first: string | null
  readonly abstained: boolean
}

const concurrency = 8

export const tune = defineCommand({
  usage: 'EXAMPLES.jsonl',
  summary: 'how well requests you know reach their skills; --apply teaches the missed ones',
  arity: [1, 1],
  options: { agent: { type: 'string' }, apply: { type: 'boolean' } },
  async run(context, { values, names: [path = ''] }) {
    const examples = await readExamples(resolve(context.directory, path))
    const outcomes = await routeAll(context, examples, values.agent)
    const missed = outcomes.filter(({ skill, rank, abstained }) => (skill === null ? !abstained : rank !== 1))
    const taught = values.apply === true ? await teach(context, missed) : []
    const summary = summarise(outcomes)
    context.show({ ...summary, missed, taught }, () => [
      `first ${formatShare(summary.hit_at_1)}, among five ${formatShare(summary.hit_at_5)}, mean reciprocal rank ${summary.mrr.toFixed(3)} of ${summary.judged}; rightly nothing ${formatShare(summary.abstained_rightly)}`,
      ...(missed.length === 0
        ? []
        : [
            '',
            ...formatTable(
              ['EXPECTED', 'RANK', 'FIRST WAS', 'QUERY'],
              missed.map(({ skill, rank, first, query }) => [skill, rank, first, query.slice(0, 80)]),
            ),
          ]),
      ...taught.map((name) => `taught: ${name}`),
    ])
    return missed.length > 0 ? 1 : 0
  },
})

async function readExamples(path: string): Promise<readonly Example[]> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new CommandFailure(`${path} cannot be read`, 2)
  })
  const lines = text
    .split('\n')
    .flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]))
  return lines.map(({ line, number }) => parseExample(line, `${path}:${number}`))
}

function parseExample(line: string, place: string): Example {
  try {
    const { query, skill } = JSON.parse(line) as Partial<Example>
    if (typeof query === 'string' && (skill === null || typeof skill === 'string')) return { query, skill }
  } catch {
    // Said below, with the place.
  }
  throw new CommandFailure(`${place} needs {"query": text, "skill": name or null}`, 2)
}

async function routeAll(
  context: SkillsContext,
  examples: readonly Example[],
  agent: string | undefined,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const waiting = examples.entries()
  const worker = async (): Promise<void> => {
    for (const [index, example] of waiting) {
      outcomes[index] = await routeOne(context, example, agent)
      context.progress.report('requests', outcomes.length, examples.length)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return outcomes
}

async function routeOne(
  { gateway }: SkillsContext,
  example: Example,
  agent: string | undefined,
): Promise<Outcome> {
  const answer = await gateway.post('/api/v1/skills/route', {
    query: example.query,
    top_k: 10,
    agent_name: agent,
    include_attachments: false,
    dry_run: true,
  })
  const names = ((answer['skills'] ?? []) as readonly Json[]).map(({ name }) => String(name))
  const place = example.skill === null ? -1 : names.indexOf(example.skill)
  return {
    ...example,
    rank: place < 0 ? null : place + 1,
    first: names[0] ?? null,
    abstained: answer['abstained'] === true,
  }
}

function summarise(outcomes: readonly Outcome[]) {
  const judged = outcomes.filter(({ skill }) => skill !== null)
  const none = outcomes.filter(({ skill }) => skill === null)
  const share = (count: number, of: number): number | null => (of === 0 ? null : count / of)
  const within = (limit: number): number => judged.filter(({ rank }) => rank !== null && rank <= limit).length
  const reciprocal = judged.reduce((sum, { rank }) => sum + (rank === null ? 0 : 1 / rank), 0)
  return {
    judged: judged.length,
    hit_at_1: share(within(1), judged.length),
    hit_at_5: share(within(5), judged.length),
    mrr: share(reciprocal, judged.length) ?? 0,
    abstained_rightly: share(none.filter(({ abstained }) => abstained).length, none.length),
  }
}

/** Gives each missed skill the requests that should have reached it as trigger phrases. */
async function teach(
  { gateway, progress }: SkillsContext,
  missed: readonly Outcome[],
): Promise<readonly string[]> {
  const names = [...new Set(missed.flatMap(({ skill }) => (skill === null ? [] : [skill])))]
  for (const [index, name] of names.entries()) {
    const skill = await gateway.get(skillPath(name))
    const phrases = (skill['trigger_phrases'] ?? []) as readonly string[]
    const more = missed.filter(({ skill: expected }) => expected === name).map(({ query }) => query)
    await gateway.request(skillPath(name), {
      method: 'PUT',
      body: { trigger_phrases: [...new Set([...phrases, ...more])] },
    })
    progress.report('taught', index + 1, names.length)
  }
  return names
}
