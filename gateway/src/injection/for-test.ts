import { randomBytes } from 'node:crypto'
import { BlobSealer } from '../conversation/blob-sealer.ts'
import { type InjectionPolicy, SkillInjector } from './skill-injector.ts'
import type { LoadableSkill, SkillDecision, SkillQuestion, SkillSource } from './skill-source.ts'
import type { TurnRecord } from './turn-record.ts'
import type { AnswerFacts } from './turn-reports.ts'
import { TurnStore } from './turn-store.ts'

const standardPolicy: InjectionPolicy = {
  menuTokens: 4_000,
  bodies: 3,
  bodyTokens: 6_000,
  rounds: 3,
  routeTimeoutMs: 1_000,
  beforeSystem: false,
  cacheControl: 'auto',
  holdsPreamble: false,
  readsFiles: false,
}

/** Texts by path by the name of the skill. */
export type SkillFiles = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Skills by name; the hint names those whose name occurs in the question. */
export class MemorySkills implements SkillSource {
  readonly questions: SkillQuestion[] = []
  readonly #skills: ReadonlyMap<string, LoadableSkill>
  readonly #files: SkillFiles

  constructor(bodies: Readonly<Record<string, string>>, files: SkillFiles = {}) {
    this.#files = files
    const named = Object.entries(bodies).map(([name, body]): [string, LoadableSkill] => [
      name,
      {
        name,
        skillId: `id-${name}`,
        versionId: `version-${name}`,
        contentHash: `hash-${name}`,
        body,
        files: Object.entries(files[name] ?? {}).map(listFile),
      },
    ])
    this.#skills = new Map(named)
  }

  isReady(_workspaceId: string): boolean {
    return true
  }

  decide(question: SkillQuestion, _isWanted: () => boolean = () => true): Promise<SkillDecision> {
    this.questions.push(question)
    const wanted = question.names ?? [...this.#skills.keys()]
    const offered = wanted.filter((name) => this.#skills.has(name)).sort()
    const hinted = offered.filter((name) => question.query?.includes(name) === true)
    return Promise.resolve({
      routingId: `rt_${this.questions.length}`,
      stableMenu: renderMenu(offered),
      hintedMenu: renderMenu(hinted),
      menuInstruction: 'Use one if it fits.',
      routingHint: hinted.length === 0 ? '' : `Best matches for this request: ${hinted.join(', ')}.`,
      offered,
      hinted,
      visible: offered,
      degradedReason: null,
      missing: wanted.filter((name) => !this.#skills.has(name)),
    })
  }

  offerLast(): SkillDecision | null {
    return null
  }

  find(_workspaceId: string, _agentName: string | null, name: string): Promise<LoadableSkill | null> {
    return Promise.resolve(this.#skills.get(name) ?? null)
  }

  readFile(_workspaceId: string, { name }: LoadableSkill, path: string): Promise<string | null> {
    return Promise.resolve(this.#files[name]?.[path] ?? null)
  }
}

function listFile([path, text]: [string, string]): LoadableSkill['files'][number] {
  return { path, sizeBytes: Buffer.byteLength(text), isText: !text.includes('\0') }
}

function renderMenu(names: readonly string[]): string {
  if (names.length === 0) return ''
  return `## Available Skills\n\n| Skill | Description |\n|-------|-------------|\n${names.map((name) => `| ${name} | About ${name} |\n`).join('')}`
}

export interface InjectorBench {
  readonly injector: SkillInjector
  readonly reports: TurnRecord[]
  readonly answers: AnswerFacts[]
}

/** An injector over these skills with a memory of its own. */
export function openInjectorBench(
  source: SkillSource,
  policy: Partial<InjectionPolicy> = {},
  now: () => number = Date.now,
): InjectorBench {
  const reports: TurnRecord[] = []
  const answers: AnswerFacts[] = []
  const shared = { get: () => Promise.resolve(null), set: () => Promise.resolve() }
  const sealer = new BlobSealer('a secret', randomBytes)
  const injector = new SkillInjector({
    source,
    turns: new TurnStore({ shared, sealer, replicated: false, limit: 1_000 }),
    policy: () => ({ ...standardPolicy, ...policy }),
    report: (_workspaceId, record, answer) => {
      reports.push(record)
      answers.push(answer)
    },
    now,
  })
  return { injector, reports, answers }
}
