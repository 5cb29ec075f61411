import { writeFileSync } from 'node:fs'
import { MatrixError, writeMatrix } from '@routeiq/router'
import { saysYes, verdictQuestion, verdictRequest } from '../../model-routing/judging/self-verdict.ts'
import { accessOptions, callGateway, type GatewayAccess, readAccess } from './gateway-access.ts'
import { type CheckAnswer, checks, createJudge, createTests, type ProbePrompt } from './probe-checks.ts'
import { RoutingUsageError, readAmount, readOptions, readText } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

const atOnce = 4

/** What one model made of one prompt; null where it was not tried, failed or could not be judged. */
interface Tried {
  readonly score: number | null
  readonly costUsd: number | null
  readonly outputTokens: number | null
  /** Share of "yes" when the model was asked whether its answer is right; null where it was not. */
  readonly verdict: number | null
}

const untried: Tried = { score: null, costUsd: null, outputTokens: null, verdict: null }

/** `routeiq probe`: every prompt on every model, judged, within a budget: an outcome matrix to train on. */
export async function probe(argv: readonly string[], { stdout, stderr, env }: Terminal): Promise<void> {
  const names = [
    'prompts',
    'models',
    'out',
    'check',
    'judge',
    'max-cost',
    'max-tokens',
    'verify',
    ...accessOptions,
  ]
  const options = readOptions(argv, names, 3)
  const access = readAccess(options, env)
  const models = (options['models'] ?? '').split(',').filter((name) => name !== '')
  if (models.length === 0) throw new RoutingUsageError('--models needs models, with commas between')
  const prompts = readPrompts(readText(options['prompts'] ?? ''))
  const check = await chooseCheck(options['check'], options['judge'], access, env)
  const budget = new Budget(readAmount(options, 'max-cost', 1))
  const body = options['max-tokens'] === undefined ? {} : { max_tokens: readAmount(options, 'max-tokens', 0) }
  const verify = readAmount(options, 'verify', 0)
  const tried = await inTurn(
    prompts.flatMap((prompt) => models.map((model) => ({ prompt, model }))),
    ({ prompt, model }) => tryOut(access, { prompt, model, body, check, verify, budget }, stderr),
  )
  const rows = prompts.map(({ id, task, prompt }, at) => {
    const own = tried.slice(at * models.length, (at + 1) * models.length)
    return {
      ...{ id, task, prompt, features: null, answers: null, weights: null },
      scores: own.map(({ score }) => score),
      costs: own.map(({ costUsd, score }) => (score === null ? null : costUsd)),
      outputTokens: own.map(({ outputTokens }) => outputTokens),
      ...(verify > 0 && { verdicts: own.map(({ verdict }) => verdict) }),
    }
  })
  const judged = rows.filter(({ scores }) => scores.some((score) => score !== null))
  if (judged.length === 0) throw new Error('no answer could be judged')
  writeFileSync(options['out'] ?? '', writeMatrix({ models, rows: judged }))
  if (budget.isSpent)
    stderr.write('warning: the budget was spent before all prompts were tried; raise --max-cost\n')
  stdout.write(`${judged.length} asks, ${models.length} models, ${spent(tried).toFixed(4)} USD\n`)
}

interface Attempt {
  readonly prompt: ProbePrompt
  readonly model: string
  readonly body: object
  readonly check: CheckAnswer
  /** So many times the model is asked whether its answer is right. */
  readonly verify: number
  readonly budget: Budget
}

async function tryOut(
  access: GatewayAccess,
  { prompt, model, body, check, verify, budget }: Attempt,
  stderr: Terminal['stderr'],
): Promise<Tried> {
  if (!budget.begin()) return untried
  let paid = 0
  try {
    const messages = [{ role: 'user', content: prompt.prompt }]
    const { json, headers } = await callGateway(access, '/v1/chat/completions', { ...body, model, messages })
    const { choices, usage } = json as {
      choices: readonly { message: { content: string | null } }[]
      usage?: { completion_tokens?: number }
    }
    const cost = Number(headers.get('x-litellm-response-cost') ?? Number.NaN)
    paid += Number.isFinite(cost) ? cost : 0
    const text = choices[0]?.message.content ?? ''
    const judged = await check(prompt, text)
    paid += judged.costUsd
    const own = await verifyOwn(access, model, [...messages, { role: 'assistant', content: text }], verify)
    paid += own.costUsd
    return {
      score: judged.score,
      verdict: own.share,
      costUsd: Number.isFinite(cost) ? cost : null,
      outputTokens: usage?.completion_tokens ?? null,
    }
  } catch (error) {
    stderr.write(`warning: ${prompt.id} on ${model}: ${(error as Error).message}\n`)
    return untried
  } finally {
    budget.end(paid)
  }
}

/** Has a model say whether its own answer is right, as a cascade that verifies would. */
async function verifyOwn(
  access: GatewayAccess,
  model: string,
  conversation: readonly object[],
  times: number,
): Promise<{ readonly share: number | null; readonly costUsd: number }> {
  const messages = [...conversation, { role: 'user', content: verdictQuestion }]
  let [yes, costUsd] = [0, 0]
  for (let at = 0; at < times; at++) {
    const { json, headers } = await callGateway(access, '/v1/chat/completions', {
      model,
      messages,
      ...verdictRequest,
    })
    const { choices } = json as { choices: readonly { message: { content: string | null } }[] }
    yes += saysYes(choices[0]?.message.content ?? '') ? 1 : 0
    costUsd += Number(headers.get('x-litellm-response-cost') ?? 0) || 0
  }
  return { share: times === 0 ? null : yes / times, costUsd }
}

/** Keeps as much aside for each try under way as the dearest one cost. USD. */
class Budget {
  #left: number
  #dearest = 0
  #underWay = 0
  isSpent = false

  constructor(usd: number) {
    this.#left = usd
  }

  /** Whether one more may be tried. */
  begin(): boolean {
    if (this.#left - this.#underWay * this.#dearest <= 0) {
      this.isSpent = true
      return false
    }
    this.#underWay += 1
    return true
  }

  end(paid: number): void {
    this.#underWay -= 1
    this.#left -= paid
    this.#dearest = Math.max(this.#dearest, paid)
  }
}

async function chooseCheck(
  name: string | undefined,
  judge: string | undefined,
  access: GatewayAccess,
  env: Terminal['env'],
): Promise<CheckAnswer> {
  if ((name === undefined) === (judge === undefined))
    throw new RoutingUsageError('say how answers are judged: --check exact|json|tests or --judge MODEL')
  if (judge !== undefined) return createJudge(access, judge)
  if (name === 'tests') return createTests(env)
  const check = checks[name ?? '']
  if (check === undefined)
    throw new RoutingUsageError(
      `--check takes ${[...Object.keys(checks), 'tests'].join(' or ')}, not ${name}`,
    )
  return check
}

/** The first alone, which shows what one costs; then a few at once. Results in order. */
async function inTurn<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) results[at] = await work(items[at] as Item)
  }
  const [first] = items
  if (first !== undefined) results[next++] = await work(first)
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}

function spent(tried: readonly Tried[]): number {
  return tried.reduce((sum, { costUsd }) => sum + (costUsd ?? 0), 0)
}

/** One JSON object a line: `prompt`, and `id`, `task`, `answer`, `tests` where there are any. */
function readPrompts(text: string): readonly ProbePrompt[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) throw new MatrixError('there are no prompts')
  return lines.map((line, index) => {
    const where = `line ${index + 1}`
    let value: Record<string, unknown>
    try {
      value = JSON.parse(line) as Record<string, unknown>
    } catch {
      throw new MatrixError(`${where} is not JSON`)
    }
    const { prompt, id, task, answer, tests } = value
    if (typeof prompt !== 'string' || prompt === '')
      throw new MatrixError(`${where}: \`prompt\` must be text`)
    return {
      id: typeof id === 'string' ? id : where,
      task: typeof task === 'string' ? task : null,
      ...{ prompt, answer: answer ?? null, tests: typeof tests === 'string' ? tests : null },
    }
  })
}
