import { join, resolve } from 'node:path'
import { composeSkillMd, splitSkillMd } from '../../../skills/validate/frontmatter.ts'
import { defineCommand, readChoice, type SkillsContext } from '../command.ts'
import { readInstall } from '../disk/checkout-state.ts'
import { findSkillFolders } from '../disk/find-skills.ts'
import { type LocalFolder, readSkillFolder } from '../disk/read-folder.ts'
import { type SyncItem, toSyncItem } from '../disk/sync-item.ts'
import { folderNameOf, replaceFile, writeSkillFolder } from '../disk/write-folder.ts'
import { formatTable } from '../format-table.ts'
import { CommandFailure, type Json } from '../gateway-client.ts'
import { uploadFiles } from '../upload-files.ts'

interface LocalSkill {
  readonly local: LocalFolder
  readonly item: SyncItem
}

const policies = ['newer_wins', 'local_wins', 'remote_wins', 'remote_wins_on_conflict'] as const
const batchSize = 50

export const sync = defineCommand({
  usage: '[DIR]',
  summary: 'bring a folder of skills and the workspace to the same state (./skills)',
  arity: [0, 1],
  options: {
    'apply-pulls': { type: 'boolean', default: true },
    'dry-run': { type: 'boolean' },
    policy: { type: 'string' },
    author: { type: 'string' },
  },
  async run(context, { values, names: [given = './skills'] }) {
    const policy = readChoice('policy', values.policy, policies) ?? 'newer_wins'
    const directory = resolve(context.directory, given)
    const { skills, failures } = await readLocalSkills(context, directory)
    if (values['dry-run'] === true) return showDifferences(context, skills, failures)
    const install = await readInstall(context.directory)
    const actions: Json[] = [...failures]
    for (let first = 0; first < skills.length; first += batchSize) {
      const batch = skills.slice(first, first + batchSize)
      const answer = await context.gateway.post('/api/v1/skills/sync', {
        skills: batch.map(({ item }) => item),
        conflict_policy: policy,
        response_mode: 'diff',
        author: values.author,
        install_id: install.install_id,
        install_label: install.install_label,
      })
      actions.push(...((answer['actions'] ?? []) as readonly Json[]))
      context.progress.report('skills', Math.min(first + batchSize, skills.length), skills.length)
    }
    const written = values['apply-pulls'] === false ? [] : await applyPulls(actions, skills, directory)
    const uploads = await uploadChanged(context, skills, actions)
    return showActions(context, actions, { written, uploads })
  },
})

/** Reads every skill below a folder; one that cannot be read is a failed row and stops nothing. */
async function readLocalSkills(context: SkillsContext, directory: string) {
  const skills: LocalSkill[] = []
  const failures: Json[] = []
  const folders = await findSkillFolders(directory)
  if (folders.length === 0) throw new CommandFailure(`there is no SKILL.md below ${directory}`)
  for (const folder of folders) {
    try {
      const local = await readSkillFolder(folder)
      skills.push({ local, item: toSyncItem(local) })
    } catch (error) {
      failures.push({ action: 'failed', name: folder, error: (error as Error).message })
    }
    context.progress.report('read', skills.length + failures.length, folders.length)
  }
  return { skills, failures }
}

async function showDifferences(
  context: SkillsContext,
  skills: readonly LocalSkill[],
  failures: readonly Json[],
): Promise<number> {
  const { hashes } = (await context.gateway.get('/api/v1/skills/hashes')) as {
    hashes?: Record<string, { hash: string }>
  }
  const rows = skills.map(({ item }) => {
    const known = hashes?.[item.name]
    const state = known === undefined ? 'new' : known.hash === item.content_hash ? 'same' : 'differs'
    return { name: item.name, state }
  })
  const all = [...rows, ...failures.map(({ name, error }) => ({ name, state: `failed: ${error}` }))]
  context.show({ skills: all }, () =>
    formatTable(
      ['SKILL', 'STATE'],
      all.map(({ name, state }) => [name, state]),
    ),
  )
  return failures.length > 0 ? 1 : 0
}

/** Writes what the gateway had newer: the body changes, the frontmatter of a file that is there stays. */
async function applyPulls(
  actions: readonly Json[],
  skills: readonly LocalSkill[],
  directory: string,
): Promise<readonly string[]> {
  const written: string[] = []
  for (const action of actions.filter(({ action }) => action === 'pulled')) {
    const body = String(action['body_markdown'] ?? '').trim()
    const known = skills.find(({ item }) => item.name === action['name'])
    if (known === undefined) {
      const folder = folderNameOf({ name: action['name'], slug: action['url_slug'] })
      const fields = { name: folder, description: String(action['description'] ?? folder) }
      const content = composeSkillMd(fields, body).skillMd
      await writeSkillFolder(directory, folder, [{ path: 'SKILL.md', content }], { force: false })
      written.push(join(directory, folder, 'SKILL.md'))
    } else {
      const { skillMd, skillFile } = known.local
      const head = skillMd.slice(0, splitSkillMd(skillMd).bodyStart)
      await replaceFile(
        skillFile,
        `${head}${body}
`,
      )
      written.push(known.local.skillFile)
    }
  }
  return written
}

/** The files beside `SKILL.md` travel after it, for skills whose local copy counts. */
async function uploadChanged(
  context: SkillsContext,
  skills: readonly LocalSkill[],
  actions: readonly Json[],
): Promise<number> {
  const settled = new Set(
    actions.filter(({ action }) => action === 'failed' || action === 'pulled').map(({ name }) => name),
  )
  const candidates = skills.filter(({ item, local }) => !settled.has(item.name) && local.files.length > 0)
  let uploaded = 0
  for (const [index, { item, local }] of candidates.entries()) {
    uploaded += await uploadFiles(context.gateway, item.name, local.files, context.note)
    context.progress.report('files of skills', index + 1, candidates.length)
  }
  return uploaded
}

function showActions(
  context: SkillsContext,
  actions: readonly Json[],
  more: { written: readonly string[]; uploads: number },
): number {
  const failed = actions.filter(({ action }) => action === 'failed')
  context.show({ status: failed.length > 0 ? 'partial' : 'ok', actions, ...more }, () => [
    ...formatTable(
      ['SKILL', 'ACTION', 'VERSION', ''],
      actions.map((row) => [
        row['name'],
        row['action'],
        row['new_version_number'] ?? row['version_number'],
        row['error'] ?? '',
      ]),
    ),
    '',
    `${countActions(actions)}, ${more.uploads} files uploaded`,
    ...more.written.map((path) => `written: ${path}`),
  ])
  return failed.length > 0 ? 1 : 0
}

function countActions(actions: readonly Json[]): string {
  const counts = new Map<string, number>()
  for (const { action } of actions) counts.set(String(action), (counts.get(String(action)) ?? 0) + 1)
  return [...counts].map(([action, count]) => `${count} ${action}`).join(', ')
}

const drifted: ReadonlySet<unknown> = new Set(['local_ahead', 'remote_ahead', 'conflict', 'local_only'])

export const status = defineCommand({
  usage: '[DIR]',
  summary: 'what differs between a folder, the workspace and the last synchronisation',
  arity: [0, 1],
  options: {},
  async run(context, { names: [given = './skills'] }) {
    const { skills, failures } = await readLocalSkills(context, resolve(context.directory, given))
    const install = await readInstall(context.directory)
    const answer = await context.gateway.post('/api/v1/skills/installs/report', {
      install_id: install.install_id,
      install_label: install.install_label,
      skills: skills.map(({ item }) => ({ name: item.name, content_hash: item.content_hash })),
    })
    const rows = (answer['skills'] ?? []) as readonly Json[]
    for (const { name, error } of failures) context.note(`${name}: ${error}`)
    context.show(answer, () => [
      ...formatTable(
        ['SKILL', 'STATUS'],
        rows.map((row) => [row['name'], row['status']]),
      ),
      ...(rows.some((row) => drifted.has(row['status']))
        ? ['', '`routeiq skills sync` brings them together.']
        : []),
    ])
    return failures.length > 0 || rows.some((row) => row['status'] === 'conflict') ? 1 : 0
  },
})
