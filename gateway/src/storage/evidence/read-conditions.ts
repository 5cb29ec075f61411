import type { Conditions } from '../../evidence/alerts/conditions.ts'
import { calendarMonth } from '../../quotas/calendar-month.ts'
import { countedDimensions, monthlyDimensions } from '../../quotas/quota.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { graceDays } from '../registry/follow-sources.ts'

/** How much of a limit is used before somebody is told. */
const nearShare = 0.8
/** How long a version that was found worse by a later scan is told of. */
const toldDays = 30
const dayMs = 86_400_000

/** $1 is the workspace, or null for all; $2 is now. */
const unsafe = `
  SELECT s.workspace_id, s.name, v.version_number AS "versionNumber", v.safety_status AS "safetyStatus",
    v.is_quarantined AS "isQuarantined", v.scan #>> '{changed,from}' AS before
  FROM skills AS s JOIN skill_versions AS v ON v.id = s.latest_version_id
  WHERE s.deleted_at IS NULL AND ($1::text IS NULL OR s.workspace_id = $1)
    AND (v.is_quarantined OR v.safety_status = 'blocked'
      OR (v.safety_status = 'flagged' AND v.scan #>> '{changed,from}' = 'clean'
        AND (v.scan #>> '{changed,at}')::timestamptz > $2::timestamptz - interval '${toldDays} days'))`

const upstream = `
  SELECT l.workspace_id, l.name,
    CASE WHEN l.served_version_id IS NULL THEN 'lost' ELSE 'withdrawn' END AS change,
    NULL::integer AS "versionNumber",
    CASE WHEN l.served_version_id IS NULL THEN NULL ELSE r.unpublished_at END AS "unpublishedAt"
  FROM skill_links AS l JOIN registry_entries AS r ON r.skill_id = l.skill_id
  WHERE l.removed_at IS NULL AND ($1::text IS NULL OR l.workspace_id = $1)
    AND (l.served_version_id IS NULL OR r.unpublished_at IS NOT NULL) AND $2::timestamptz IS NOT NULL
  UNION ALL
  SELECT f.workspace_id, copy.name, 'new_version', v.version_number, NULL
  FROM skill_forks AS f
  JOIN skills AS copy ON copy.id = f.copy_id AND copy.deleted_at IS NULL
  JOIN registry_entries AS r ON r.skill_id = f.upstream_skill_id AND r.unpublished_at IS NULL
  JOIN skills AS s ON s.id = f.upstream_skill_id AND s.deleted_at IS NULL
  JOIN skill_versions AS v ON v.id = s.served_version_id
  WHERE f.detached_at IS NULL AND v.id <> f.upstream_version_id AND ($1::text IS NULL OR f.workspace_id = $1)`

/** $3 is the calendar month. */
const quotas = `
  SELECT * FROM (
    SELECT q.workspace_id, q.key_hash, q.plan, l.key AS dimension, l.value::text::numeric AS most,
      CASE l.key
        WHEN 'skills' THEN (SELECT count(*) FROM skills AS s
          WHERE s.workspace_id = q.workspace_id AND s.deleted_at IS NULL)
        WHEN 'agents' THEN (SELECT count(*) FROM agents AS a WHERE a.workspace_id = q.workspace_id)
        WHEN 'keys' THEN (SELECT count(*) FROM virtual_keys AS k
          WHERE coalesce(k.organization_id, 'default') = q.workspace_id)
        ELSE (SELECT u.used FROM quota_usage AS u WHERE u.workspace_id = q.workspace_id AND u.key_hash = q.key_hash
          AND u.dimension = l.key AND u.month = $3)
      END AS used
    FROM quotas AS q
    CROSS JOIN LATERAL (SELECT key, value FROM jsonb_each(q.limits)
      WHERE jsonb_typeof(value) = 'number' AND (key = ANY ($4) OR (q.key_hash = '' AND key = ANY ($5)))) AS l
    WHERE ($1::text IS NULL OR q.workspace_id = $1) AND $2::timestamptz IS NOT NULL
  ) AS counted WHERE most > 0 AND used >= ${nearShare} * most`

interface UpstreamRow {
  readonly workspace_id: string
  readonly name: string
  readonly change: Conditions['upstream'][number]['change']
  readonly versionNumber: number | null
  readonly unpublishedAt: Date | null
}

interface QuotaRow {
  readonly workspace_id: string
  readonly key_hash: string
  readonly plan: string
  readonly dimension: string
  readonly most: string
  readonly used: string
}

/** The conditions of one workspace. */
export async function readConditions(
  { pool }: Database,
  workspaceId: string,
  now: number,
): Promise<Conditions> {
  const [unsafeRows, upstreamRows, quotaRows] = await guardQuery(
    Promise.all([
      pool.query<Conditions['unsafe'][number] & { workspace_id: string }>(unsafe, [
        workspaceId,
        new Date(now),
      ]),
      pool.query<UpstreamRow>(upstream, [workspaceId, new Date(now)]),
      pool.query<QuotaRow>(quotas, quotaValues(workspaceId, now)),
    ]),
  )
  return {
    unsafe: unsafeRows.rows.map(({ workspace_id: _, ...row }) => row),
    upstream: upstreamRows.rows.map(({ name, change, versionNumber, unpublishedAt }) => ({
      ...{ name, change, versionNumber },
      servedUntil: unpublishedAt === null ? null : unpublishedAt.getTime() + graceDays * dayMs,
    })),
    quotas: quotaRows.rows.map(({ dimension, key_hash, plan, used, most }) => ({
      ...{ dimension, plan, used: Number(used), limit: Number(most) },
      keyHash: key_hash === '' ? null : key_hash,
    })),
  }
}

/** Workspaces with any condition. */
export async function listConditionedWorkspaces({ pool }: Database, now: number): Promise<readonly string[]> {
  const at = [null, new Date(now)]
  const results = await guardQuery(
    Promise.all([
      pool.query<{ workspace_id: string }>(`SELECT DISTINCT workspace_id FROM (${unsafe}) AS found`, at),
      pool.query<{ workspace_id: string }>(`SELECT DISTINCT workspace_id FROM (${upstream}) AS found`, at),
      pool.query<{ workspace_id: string }>(
        `SELECT DISTINCT workspace_id FROM (${quotas}) AS found`,
        quotaValues(null, now),
      ),
    ]),
  )
  return results.flatMap(({ rows }) => rows.map((row) => row.workspace_id))
}

const quotaValues = (workspaceId: string | null, now: number): unknown[] => [
  workspaceId,
  new Date(now),
  calendarMonth(now).name,
  monthlyDimensions,
  countedDimensions,
]
