import { setImmediate as nextTurn } from 'node:timers/promises'
import { GatewayError } from '@routeiq/contract'
import type { Skill } from '../skill.ts'
import type { Baseline, SkillDraft, SkillStore, WrittenSkill } from '../skill-store.ts'
import { composeSkillMd } from '../validate/frontmatter.ts'
import { directoryOf } from '../validate/skill-name.ts'
import { readMetadata } from '../write/read-metadata.ts'
import type { SkillWriter } from '../write/skill-writer.ts'
import { type ConflictPolicy, decideAction } from './decide-action.ts'
import { isRefused, readSyncItem, type SyncItem } from './sync-item.ts'

/** Skills in a transaction: as many as keep other users of the database waiting for well below a second. */
const batchSize = 500
/** Requests wait this long at most for a stretch of scanning. */
const sliceMs = 5

export interface SyncRequest {
  readonly workspaceId: string
  readonly rows: readonly unknown[]
  readonly policy: ConflictPolicy
  readonly createdBy: string
  readonly author: string | null
  readonly offerScope: Skill['offerScope'] | null
  readonly install: { readonly installId: string; readonly label: string | null } | null
}

export interface SyncAction {
  readonly action: 'created' | 'pushed' | 'no_change' | 'pulled' | 'failed'
  readonly name: string
  readonly url_slug?: string
  readonly new_version_number?: number
  readonly version_number?: number
  readonly body_markdown?: string
  readonly error?: string
}

interface Step {
  readonly item: SyncItem
  readonly existing: Skill | null
  draft: SkillDraft | null
  action: SyncAction
}

/** Brings rows of a client and the store together. Every row has an action; a row that fails fails alone. */
export async function syncSkills(
  { store, writer }: { readonly store: SkillStore; readonly writer: SkillWriter },
  request: SyncRequest,
): Promise<readonly SyncAction[]> {
  const actions: SyncAction[] = []
  const seen = new Set<string>()
  const baselines = await readBaselines(store, request)
  for (let from = 0; from < request.rows.length; from += batchSize) {
    const rows = request.rows.slice(from, from + batchSize)
    actions.push(...(await syncBatch(store, writer, request, rows, seen, baselines)))
  }
  return actions
}

async function syncBatch(
  store: SkillStore,
  writer: SkillWriter,
  request: SyncRequest,
  rows: readonly unknown[],
  seen: Set<string>,
  baselines: ReadonlyMap<string, string>,
): Promise<readonly SyncAction[]> {
  const items = rows.map((row) => refuseTwice(readSyncItem(row), seen))
  const names = items.flatMap((item) => (isRefused(item) ? [] : [item.name]))
  const found = await store.list(request.workspaceId, { names, safety: 'all', limit: batchSize, after: null })
  const byName = new Map(found.skills.filter(({ isLinked }) => !isLinked).map((skill) => [skill.name, skill]))
  const steps: (Step | SyncAction)[] = []
  const pace = new Pace()
  for (const item of items) {
    if (isRefused(item)) steps.push({ action: 'failed', ...item })
    else steps.push(await planStep(store, writer, request, item, byName.get(item.name) ?? null, baselines))
    await pace.rest()
  }
  await writeSteps(store, request.workspaceId, steps.filter(isStep))
  await saveBaselines(store, request, steps.filter(isStep))
  return steps.map((step) => (isStep(step) ? step.action : step))
}

const isStep = (step: Step | SyncAction): step is Step => 'item' in step

function refuseTwice(
  item: ReturnType<typeof readSyncItem>,
  seen: Set<string>,
): ReturnType<typeof readSyncItem> {
  if (isRefused(item)) return item
  if (seen.has(item.name)) return { name: item.name, error: 'the name occurs twice in this sync' }
  seen.add(item.name)
  return item
}

/** Decides what to do and, where something is to be written, drafts it. */
async function planStep(
  store: SkillStore,
  writer: SkillWriter,
  request: SyncRequest,
  item: SyncItem,
  existing: Skill | null,
  baselines: ReadonlyMap<string, string>,
): Promise<Step> {
  const step: Step = { item, existing, draft: null, action: { action: 'no_change', name: item.name } }
  try {
    if (existing === null) {
      step.draft = await writer.draft(request.workspaceId, newSkill(item, request))
      step.action = { action: 'created', name: item.name }
      return step
    }
    const decision = decideAction(request.policy, {
      localHash: item.contentHash,
      localUpdatedAt: item.localUpdatedAt,
      remoteHash: existing.latest.contentHash,
      remoteUpdatedAt: existing.latest.createdAtMicros / 1000,
      baseline: baselines.get(item.name) ?? null,
    })
    if (decision === 'no_change')
      step.action = {
        ...step.action,
        url_slug: existing.urlSlug,
        version_number: existing.latest.versionNumber,
      }
    else if (decision === 'pull') step.action = await pull(store, request.workspaceId, existing)
    else {
      step.draft = await writer.draftRevision(request.workspaceId, existing, revision(item, request))
      step.action = { action: 'pushed', name: item.name }
    }
  } catch (error) {
    step.action = failed(item.name, error)
  }
  return step
}

const newSkill = (item: SyncItem, { createdBy, author, offerScope }: SyncRequest) => ({
  name: item.name,
  description: item.description,
  text: composeSkillMd(
    { name: directoryOf(item.name), description: item.description, ...item.frontmatter },
    item.body,
  ),
  files: [],
  metadata: { ...readMetadata(item.metadata), ...(offerScope === null ? {} : { offerScope }) },
  ...(item.evalYaml === null ? {} : { evalYaml: item.evalYaml }),
  source: 'sync',
  createdBy,
  author,
  changeSummary: null,
})

const revision = (item: SyncItem, { author }: SyncRequest) => ({
  description: item.description,
  body: item.body,
  metadata: readMetadata(item.metadata),
  ...(item.evalYaml === null ? {} : { evalYaml: item.evalYaml }),
  author,
  changeSummary: null,
})

async function pull(
  store: SkillStore,
  workspaceId: string,
  { skillId, name, urlSlug, served }: Skill,
): Promise<SyncAction> {
  if (served === null)
    return { action: 'failed', name, error: 'the stored version is quarantined by the safety scan' }
  const version = await store.readVersion(workspaceId, skillId, { versionId: served.versionId })
  if (version === null) return { action: 'failed', name, error: 'the skill was deleted meanwhile' }
  const { versionNumber, body } = version
  return { action: 'pulled', name, url_slug: urlSlug, version_number: versionNumber, body_markdown: body }
}

/** One transaction for all; where that is refused, one for each, so that the rest is kept. */
async function writeSteps(store: SkillStore, workspaceId: string, steps: readonly Step[]): Promise<void> {
  const drafted = steps.flatMap((step) => (step.draft === null ? [] : [{ step, draft: step.draft }]))
  if (drafted.length === 0) return
  try {
    const written = await store.write(
      workspaceId,
      drafted.map(({ draft }) => draft),
    )
    for (const [index, { step }] of drafted.entries()) confirm(step, written[index])
  } catch (error) {
    if (!(error instanceof GatewayError) || error.code === 'storage_unavailable') throw error
    for (const { step, draft } of drafted) {
      try {
        confirm(step, (await store.write(workspaceId, [draft]))[0])
      } catch (single) {
        step.action = failed(step.item.name, single)
      }
    }
  }
}

function confirm(step: Step, written: WrittenSkill | undefined): void {
  if (written === undefined) throw new Error('The store returned nothing for a draft')
  const { versionNumber } = written.version
  const slug = step.existing === null ? {} : { url_slug: step.existing.urlSlug }
  step.action = { ...step.action, ...slug, new_version_number: versionNumber, version_number: versionNumber }
}

function failed(name: string, error: unknown): SyncAction {
  if (!(error instanceof GatewayError) || error.code === 'storage_unavailable') throw error
  return { action: 'failed', name, error: error.message }
}

async function readBaselines(
  store: SkillStore,
  { workspaceId, install }: SyncRequest,
): Promise<ReadonlyMap<string, string>> {
  const baselines = install === null ? [] : await store.listBaselines(workspaceId, install.installId)
  return new Map(baselines.map(({ name, contentHash }) => [name, contentHash]))
}

/** What both sides have the same of from now on. */
async function saveBaselines(store: SkillStore, request: SyncRequest, steps: readonly Step[]): Promise<void> {
  if (request.install === null) return
  const agreed = steps.flatMap(({ action, item, existing }): Baseline[] => {
    if (action.action === 'failed') return []
    const pulled = action.action === 'pulled' ? existing?.served?.contentHash : item.contentHash
    return pulled === undefined ? [] : [{ name: item.name, contentHash: pulled }]
  })
  if (agreed.length > 0) await store.saveBaselines(request.workspaceId, request.install, agreed)
}

/** Lets others run between stretches of work. */
class Pace {
  #sliceEnd = performance.now() + sliceMs

  async rest(): Promise<void> {
    if (performance.now() < this.#sliceEnd) return
    await nextTurn()
    this.#sliceEnd = performance.now() + sliceMs
  }
}
