import type { RegistryPage, RegistryQuery, RegistrySort } from '../../skills/registry/registry-store.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { countEntries, type EntryRow, selectEntries, toEntry } from './registry-rows.ts'

/** What each sort puts first when it is large. */
const sortValues: Readonly<Record<RegistrySort, string>> = {
  effectiveness: 'r.skill_score',
  recommended: 'r.skill_score',
  popular: 'r.activations_30d + r.install_count / 1e9',
  rating: 'r.pass_rate',
  recent: 'extract(epoch FROM r.published_at)',
  biggest_improvement: 'r.improvement_pts',
  efficiency: '-r.tokens_delta_pct',
  top_rated: 'r.rating_avg',
  lift: 'r.lift',
}

const matching = `
  AND ($1::text[] IS NULL OR NOT EXISTS (SELECT 1 FROM unnest($1::text[]) AS word WHERE strpos(lower(concat_ws(' ',
    r.name, s.display_name, s.description, r.category, array_to_string(r.tags, ' '))), word) = 0))
  AND ($2::text IS NULL OR r.name = $2)
  AND ($3::text IS NULL OR lower(r.category) = lower($3))
  AND r.tags @> $4::text[]
  AND ($5::text IS NULL OR r.badge = $5)
  AND (NOT $6::boolean OR r.skill_score IS NOT NULL)`

/** One page of public skills. What has no value comes last; a skill called like the words comes first. */
export async function searchEntries(database: Database, query: RegistryQuery): Promise<RegistryPage> {
  const words = query.text.toLowerCase().split(/\s+/).filter(Boolean)
  const filters = [
    words.length === 0 ? null : words,
    query.exactName,
    query.category,
    query.tags,
    query.badge,
    query.measuredOnly,
  ]
  const value = `CASE WHEN lower(r.name) = $7 THEN 'Infinity'::float8
    ELSE coalesce((${sortValues[query.sort]})::float8, '-Infinity'::float8) END`
  const { rows } = await guardQuery(
    database.pool.query<EntryRow & { sort_value: number }>(
      `SELECT * FROM (${selectEntries.replace('SELECT ', `SELECT ${value} AS sort_value, `)} ${matching}) AS found
       WHERE $8::float8 IS NULL OR sort_value < $8 OR (sort_value = $8 AND name > $9)
       ORDER BY sort_value DESC, name LIMIT $10`,
      [...filters, words.join(' '), query.after?.value ?? null, query.after?.name ?? null, query.limit + 1],
    ),
  )
  const counted = await guardQuery(
    database.pool.query<{ total: string }>(`${countEntries} ${matching}`, filters),
  )
  const page = rows.slice(0, query.limit)
  const last = page.at(-1)
  return {
    entries: page.map(toEntry),
    next:
      rows.length > page.length && last !== undefined ? { value: last.sort_value, name: last.name } : null,
    total: Number(counted.rows[0]?.total ?? 0),
  }
}
