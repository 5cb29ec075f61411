import { randomUUID } from 'node:crypto'
import { type Answer, call } from '../harness/call-gateway.ts'
import type { ProductDatabase } from '../harness/databases.ts'
import { deployment } from '../harness/deployments.ts'
import { type ScriptedUpstream, startScriptedUpstream } from '../harness/scripted-upstream.ts'
import { type Gateway, startGateway } from '../harness/start-gateway.ts'
import { waitUntil } from '../harness/wait-until.ts'
import { embedByTopic } from './embedding-upstream.ts'
import { type Faults, installFaults } from './faults.ts'

// biome-ignore lint/suspicious/noExplicitAny: answers of many routes are looked into as they are
export type Body = any

export interface NewSkill {
  readonly name: string
  readonly description: string
  readonly [member: string]: unknown
}

/** A tenant of its own, with what its key can do. */
export class Workspace {
  readonly key: string
  readonly #gateway: Gateway

  constructor(gateway: Gateway, key: string) {
    this.#gateway = gateway
    this.key = key
  }

  send(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Answer> {
    const sent = body === undefined ? {} : { body }
    return call(this.#gateway.url, `/api/v1${path}`, { method, key: this.key, headers, ...sent })
  }

  /** Errors: when it is not answered with 200. */
  async ask(method: string, path: string, body?: object): Promise<Body> {
    const answer = await this.send(method, path, body)
    if (answer.status !== 200) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer.json()
  }

  route(query: string, members: object = {}): Promise<Body> {
    return this.ask('POST', '/skills/route', { query, ...members })
  }

  menu(query = ''): Promise<Body> {
    return this.ask('GET', `/skills/menu${query}`)
  }

  async write(skills: readonly NewSkill[]): Promise<void> {
    const items = skills.map((skill) => ({ body_markdown: bodyOf(skill.name), ...skill }))
    const { failures, actions } = await this.ask('POST', '/skills/sync', {
      ...{ skills: items, conflict_policy: 'local_wins', response_mode: 'diff' },
    })
    if (failures > 0) throw new Error(JSON.stringify(actions))
  }

  /** Writes skills, and waits until every one of them is offered. */
  async sync(skills: readonly NewSkill[]): Promise<void> {
    await this.write(skills)
    await waitUntil('the skills are offered', async () => {
      const { rows_total: total } = await this.route('anything', { dry_run: true })
      return total >= skills.length
    })
  }

  /** Traces of an agent that loaded `skill`, so many of which passed and failed. */
  async report(skill: string, passes: number, fails: number, members: object = {}): Promise<void> {
    const traces = Array.from({ length: passes + fails }, (_, index) => ({
      id: randomUUID(),
      agent_name: 'helper',
      skills_loaded_by_agent: [skill],
      eval_scores: [{ name: 'correct', score: index < passes ? 1 : 0, passed: index < passes }],
      llm_calls: [{ model_name: 'gpt-4o', output_tokens: 1 }],
      ...members,
    }))
    const { errors } = await this.ask('POST', '/traces/batch', traces as object)
    if (errors.length > 0) throw new Error(JSON.stringify(errors[0]))
  }
}

export const bodyOf = (topic: string): string =>
  `# ${topic}\n\nGo on step by step until all of it is done, then tell what was done and why.`

/** Names in the order of the rows. */
export const namesOf = (rows: readonly { readonly name: string }[]): string[] => rows.map(({ name }) => name)

/** One server over one database, for all rows of the checklist. */
export interface Stage {
  readonly gateway: Gateway
  readonly upstream: ScriptedUpstream
  readonly faults: Faults
  /** A tenant nobody else has. */
  open(name: string): Promise<Workspace>
  /** Starts the server again with other settings of the router; without any, with the usual ones. */
  restartWith(router?: object): Promise<void>
  close(): Promise<void>
}

export async function openStage(kind: ProductDatabase): Promise<Stage> {
  const upstream = await startScriptedUpstream()
  upstream.script('embedder', embedByTopic)
  const config = (router: object) => ({
    model_list: [
      deployment('vectors', upstream.openaiBase, { model: 'openai/embedder' }),
      deployment('gpt', upstream.openaiBase, { model: 'openai/gpt-4o' }),
    ],
    router_settings: { num_retries: 0, disable_cooldowns: true },
    routeiq: { skills: { router } },
  })
  // Half of all choices explore, where there is anything to explore.
  const usual = { explore_rate: 0.5 }
  const database = await kind.create()
  const env = { ...database.env, LLMROUTER_OUTBOUND_HOST_ALLOWLIST: '127.0.0.1' }
  const gateway = await startGateway({ config: config(usual), env })
  const faults = await installFaults(gateway, database.env['DATABASE_URL'])
  return {
    gateway,
    upstream,
    faults,
    open: async (name) => new Workspace(gateway, (await gateway.createKey({ organization_id: name })).key),
    restartWith: async (router) => {
      gateway.writeConfig(config(router ?? usual))
      await gateway.restart()
    },
    close: async () => {
      await gateway.stop()
      await database.remove()
      await upstream.close()
    },
  }
}
