import type { PoolClient } from 'pg'
import { type QuotaLimit, quotaExceeded } from '../../quotas/quota.ts'
import type {
  AgentPrompt,
  AgentStore,
  AgentSummary,
  Assignment,
  KnownAgent,
} from '../../skills/agents/agent-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { inTransaction } from '../database/transaction.ts'
import { raiseEpoch } from '../skills/epochs.ts'
import type { RegistryStoreOptions } from './sql-registry-store.ts'

/** The agent store over SQL. What an agent is assigned is part of the catalogue, so writes raise the epoch. */
export function createSqlAgentStore(database: Database, options: RegistryStoreOptions): AgentStore {
  const { now, newId, onChange } = options
  const query = <Row extends object>(text: string, values: unknown[]): Promise<Row[]> =>
    guardQuery(database.pool.query<Row>(text, values)).then(({ rows }) => rows)
  return {
    list: (workspaceId) => query<AgentSummary>(listStatement, [workspaceId]),
    listAssignments: (workspaceId, agentName) =>
      query<Assignment>(assignmentsStatement, [workspaceId, agentName]),
    async assign(workspaceId, agentName, assignments, limit) {
      const made = await inTransaction(database, async (client) => {
        const epoch = await raiseEpoch(client, workspaceId)
        await ensureAgent(client, { workspaceId, agentName, id: newId(), now: now() }, limit)
        const results: { id: string; isNew: boolean }[] = []
        for (const { skillId, pinnedVersionId } of assignments) {
          const values = [workspaceId, agentName, skillId, newId(), pinnedVersionId, new Date(now())]
          const { rows } = await client.query<{ id: string; isNew: boolean }>(assignStatement, values)
          results.push(...rows)
        }
        const assigned = assignments.map(({ skillId }) => skillId)
        await client.query(forgetRemovals, [workspaceId, agentName, assigned])
        await touch(
          client,
          workspaceId,
          assignments.map(({ skillId }) => skillId),
          epoch,
        )
        return results
      })
      onChange(workspaceId)
      return made
    },
    async addSkills(workspaceId, agentName, skillIds, mode, limit) {
      const keptOff = await inTransaction(database, async (client) => {
        const epoch = await raiseEpoch(client, workspaceId)
        await ensureAgent(client, { workspaceId, agentName, id: newId(), now: now() }, limit)
        if (mode === 'all') await client.query(forgetRemovals, [workspaceId, agentName, skillIds])
        const ids = skillIds.map(() => newId())
        await client.query(addStatement, [workspaceId, agentName, skillIds, ids, new Date(now())])
        await touch(client, workspaceId, skillIds, epoch)
        const { rows } = await client.query<{ skill_id: string }>(removedStatement, [
          workspaceId,
          agentName,
          skillIds,
        ])
        return rows.map(({ skill_id }) => skill_id)
      })
      onChange(workspaceId)
      return keptOff
    },
    async unassign(workspaceId, agentName, skillId) {
      const removed = await inTransaction(database, async (client) => {
        const epoch = await raiseEpoch(client, workspaceId)
        const { rowCount } = await client.query(
          'DELETE FROM agent_skills WHERE workspace_id = $1 AND agent_name = $2 AND skill_id = $3',
          [workspaceId, agentName, skillId],
        )
        if (rowCount === 1)
          await client.query(rememberRemoval, [workspaceId, agentName, skillId, new Date(now())])
        await touch(client, workspaceId, [skillId], epoch)
        return rowCount === 1
      })
      onChange(workspaceId)
      return removed
    },
    async findAgent(workspaceId, agentName) {
      const [agent] = await query<KnownAgent>(
        `SELECT id AS "agentId", pinned_prompt_number AS "pinnedNumber" FROM agents
         WHERE workspace_id = $1 AND agent_name = $2`,
        [workspaceId, agentName],
      )
      return agent ?? null
    },
    async readPrompt(workspaceId, agentName, versionNumber) {
      const [prompt] = await query<PromptRow>(promptStatement, [workspaceId, agentName, versionNumber])
      return prompt === undefined ? null : toPrompt(prompt)
    },
    async addPrompt(workspaceId, agentName, prompt, limit) {
      return inTransaction(database, async (client) => {
        await ensureAgent(client, { workspaceId, agentName, id: newId(), now: now() }, limit)
        const { systemPrompt, contentHash, label, author } = prompt
        const values = [
          workspaceId,
          agentName,
          newId(),
          systemPrompt,
          contentHash,
          label,
          author,
          new Date(now()),
        ]
        await client.query(addPromptStatement, values)
        const { rows } = await client.query<PromptRow>(promptStatement, [workspaceId, agentName, null])
        const [row] = rows
        if (row === undefined) throw new Error('The database returned no row for a prompt')
        return toPrompt(row)
      })
    },
    async pinPrompt(workspaceId, agentName, versionNumber) {
      const text = 'UPDATE agents SET pinned_prompt_number = $3 WHERE workspace_id = $1 AND agent_name = $2'
      await query(text, [workspaceId, agentName, versionNumber])
    },
  }
}

type PromptRow = Omit<AgentPrompt, 'createdAt'> & { readonly createdAt: Date }

const toPrompt = (row: PromptRow): AgentPrompt => ({ ...row, createdAt: row.createdAt.getTime() })

/** Makes the agent known; of those who do so at once in a workspace, one counts at a time. */
async function ensureAgent(
  client: PoolClient,
  { workspaceId, agentName, id, now }: { workspaceId: string; agentName: string; id: string; now: number },
  limit: QuotaLimit | null,
): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`agents of ${workspaceId}`])
  const { rowCount } = await client.query(
    `INSERT INTO agents (workspace_id, agent_name, id, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [workspaceId, agentName, id, new Date(now)],
  )
  if (rowCount === 0 || limit === null) return
  const counted = await client.query<{ total: string }>(
    'SELECT count(*) AS total FROM agents WHERE workspace_id = $1',
    [workspaceId],
  )
  const total = Number(counted.rows[0]?.total ?? 0)
  if (total > limit.limit) throw quotaExceeded(limit, total - 1)
}

/** Own skills and links alike: whoever reads changes by epoch sees them again. */
async function touch(
  client: PoolClient,
  workspaceId: string,
  skillIds: readonly string[],
  epoch: number,
): Promise<void> {
  for (const [table, column] of [
    ['skills', 'id'],
    ['skill_links', 'skill_id'],
  ])
    await client.query(
      `UPDATE ${table} SET changed_epoch = $3 WHERE workspace_id = $1 AND ${column} = ANY ($2::uuid[])`,
      [workspaceId, skillIds, epoch],
    )
}

const listStatement = `
  WITH seen AS (
    SELECT t.agent_name, count(*)::int AS traces, max(t.received_at) AS last_at,
      count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM outcomes AS o
        WHERE o.workspace_id = t.workspace_id AND o.subject = t.id::text))::int AS unevaluated,
      bool_and(t.parent_trace_id IS NOT NULL) AS is_subagent
    FROM traces AS t WHERE t.workspace_id = $1 GROUP BY t.agent_name
  ), names AS (
    SELECT agent_name FROM seen
    UNION SELECT agent_name FROM agents WHERE workspace_id = $1
    UNION SELECT agent_name FROM agent_skills WHERE workspace_id = $1
    UNION SELECT agent_name FROM manifests WHERE workspace_id = $1
  )
  SELECT n.agent_name AS "agentName", coalesce(s.traces, 0) AS "traceCount",
    (extract(epoch FROM s.last_at) * 1000)::float8 AS "lastTraceAt",
    (SELECT json_build_object('id', m.id, 'versionLabel', m.version_label, 'manifestHash', m.manifest_hash)
     FROM manifests AS m WHERE m.workspace_id = $1 AND m.agent_name = n.agent_name
     ORDER BY m.created_at DESC LIMIT 1) AS "latestManifest",
    coalesce(s.unevaluated, 0) AS "unevaluatedCount", coalesce(s.is_subagent, false) AS "isSubagent"
  FROM names AS n LEFT JOIN seen AS s ON s.agent_name = n.agent_name ORDER BY n.agent_name COLLATE "C"`

const assignmentsStatement = `
  SELECT a.id, a.skill_id AS "skillId", s.name AS "skillName", s.description, s.category,
    a.pinned_version_id AS "pinnedVersionId", v.version_number AS "pinnedVersionNumber",
    (extract(epoch FROM a.created_at) * 1000)::float8 AS "createdAt"
  FROM agent_skills AS a
  JOIN workspace_skills AS s ON s.workspace_id = a.workspace_id AND s.id = a.skill_id AND s.deleted_at IS NULL
  LEFT JOIN skill_versions AS v ON v.id = a.pinned_version_id
  WHERE a.workspace_id = $1 AND a.agent_name = $2 ORDER BY s.name`

const assignStatement = `
  INSERT INTO agent_skills AS a (workspace_id, agent_name, skill_id, id, pinned_version_id, created_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (workspace_id, agent_name, skill_id) DO UPDATE SET pinned_version_id = excluded.pinned_version_id
  RETURNING a.id, a.id = $4 AS "isNew"`

const addStatement = `
  INSERT INTO agent_skills (workspace_id, agent_name, skill_id, id, pinned_version_id, created_at)
  SELECT $1, $2, added.skill_id, added.id, NULL, $5 FROM unnest($3::uuid[], $4::uuid[]) AS added (skill_id, id)
  WHERE NOT EXISTS (SELECT 1 FROM removed_agent_skills AS r
    WHERE r.workspace_id = $1 AND r.agent_name = $2 AND r.skill_id = added.skill_id)
  ON CONFLICT DO NOTHING`

const removedStatement = `
  SELECT skill_id FROM removed_agent_skills WHERE workspace_id = $1 AND agent_name = $2 AND skill_id = ANY ($3::uuid[])`

const rememberRemoval = `INSERT INTO removed_agent_skills VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`

const forgetRemovals = `
  DELETE FROM removed_agent_skills WHERE workspace_id = $1 AND agent_name = $2 AND skill_id = ANY ($3::uuid[])`

const promptStatement = `
  SELECT a.id AS "agentId", p.id AS "versionId", p.version_number AS "versionNumber",
    p.system_prompt AS "systemPrompt", p.content_hash AS "contentHash", p.label, p.created_at AS "createdAt"
  FROM agent_prompts AS p JOIN agents AS a USING (workspace_id, agent_name)
  WHERE p.workspace_id = $1 AND p.agent_name = $2 AND ($3::int IS NULL OR p.version_number = $3)
  ORDER BY p.version_number DESC LIMIT 1`

/** Nothing when the newest version says the same. The lock of `ensureAgent` keeps numbers apart. */
const addPromptStatement = `
  WITH newest AS (
    SELECT version_number, content_hash FROM agent_prompts
    WHERE workspace_id = $1 AND agent_name = $2 ORDER BY version_number DESC LIMIT 1
  )
  INSERT INTO agent_prompts (workspace_id, agent_name, version_number, id, system_prompt, content_hash, label, author,
    created_at)
  SELECT $1, $2, coalesce((SELECT version_number FROM newest), 0) + 1, $3, $4, $5, $6, $7, $8
  WHERE NOT EXISTS (SELECT 1 FROM newest WHERE content_hash = $5)`
