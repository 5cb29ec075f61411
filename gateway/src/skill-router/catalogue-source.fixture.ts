import type { CatalogueSkill } from '../skills/catalogue.ts'
import type { CatalogueSource } from './load-hot-catalogue.ts'

/** A skill as the store would give it. */
export function catalogueSkill(name: string, members: Partial<CatalogueSkill> = {}): CatalogueSkill {
  return {
    skillId: `id-${name}`,
    name,
    urlSlug: name.replace('/', '-'),
    displayName: null,
    description: `Does ${name}.`,
    category: null,
    tags: [],
    triggerPhrases: [],
    offerScope: 'workspace',
    versionId: `v1-${name}`,
    versionNumber: 1,
    contentHash: 'a'.repeat(64),
    body: `How to do ${name}.`,
    attachments: [],
    assignedAgents: [],
    pins: [],
    safetyStatus: 'clean',
    ...members,
  }
}

interface Workspace {
  epoch: number
  readonly skills: Map<string, { skill: CatalogueSkill; epoch: number }>
  readonly removed: Map<string, number>
}

/** A store in memory, which can be written to and can fail. */
export class FakeSource implements CatalogueSource {
  readonly calls: string[] = []
  failure: Error | null = null
  /** Held back until it resolves. */
  gate: Promise<void> = Promise.resolve()
  pageSize = 2
  readonly #workspaces = new Map<string, Workspace>()

  put(workspaceId: string, ...skills: readonly CatalogueSkill[]): void {
    const workspace = this.#open(workspaceId)
    workspace.epoch += 1
    for (const skill of skills) workspace.skills.set(skill.skillId, { skill, epoch: workspace.epoch })
  }

  remove(workspaceId: string, skillId: string): void {
    const workspace = this.#open(workspaceId)
    workspace.epoch += 1
    workspace.skills.delete(skillId)
    workspace.removed.set(skillId, workspace.epoch)
  }

  async readCatalogue(workspaceId: string, after: string | null) {
    const { epoch, skills } = await this.#answer('readCatalogue', workspaceId)
    const rest = this.#sorted(skills).filter(({ name }) => after === null || name > after)
    const page = rest.slice(0, this.pageSize)
    return { epoch, skills: page, next: rest.length > page.length ? (page.at(-1)?.name ?? null) : null }
  }

  async readCatalogueSkills(workspaceId: string, skillIds: readonly string[]) {
    const { skills } = await this.#answer('readCatalogueSkills', workspaceId)
    return skillIds.flatMap((skillId) => skills.get(skillId)?.skill ?? [])
  }

  async changesSince(workspaceId: string, epoch: number) {
    const workspace = await this.#answer('changesSince', workspaceId)
    const changed = [...workspace.skills.values()].filter((entry) => entry.epoch > epoch)
    const removed = [...workspace.removed].filter(([, at]) => at > epoch).map(([id]) => id)
    return { workspaceId, epoch: workspace.epoch, changed: changed.map(({ skill }) => skill), removed }
  }

  async epochsOf(workspaceIds: readonly string[]) {
    await this.#answer('epochsOf', '')
    return workspaceIds.map((workspaceId) => this.#open(workspaceId).epoch)
  }

  async findCandidates(workspaceId: string, _request: string, limit: number) {
    const { skills } = await this.#answer('findCandidates', workspaceId)
    return this.#sorted(skills).slice(0, limit)
  }

  async #answer(call: string, workspaceId: string): Promise<Workspace> {
    this.calls.push(call)
    if (call === 'readCatalogue') await this.gate
    if (this.failure !== null) throw this.failure
    return this.#open(workspaceId)
  }

  #open(workspaceId: string): Workspace {
    const workspace = this.#workspaces.get(workspaceId) ?? { epoch: 0, skills: new Map(), removed: new Map() }
    this.#workspaces.set(workspaceId, workspace)
    return workspace
  }

  #sorted(skills: Workspace['skills']): CatalogueSkill[] {
    return [...skills.values()].map(({ skill }) => skill).sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}
