import { modelFamilyOf } from '@routeiq/router'
import type { DecisionStore } from '../../evidence/decisions/decision-store.ts'
import type { OfferedSkill, RoutingDecision } from '../../evidence/decisions/routing-decision.ts'
import { utcDay } from '../../evidence/utc-day.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { jsonParameter } from './json-parameter.ts'
import { OfferedSkills } from './offered-skills.ts'

/** Rows travel as one JSON parameter, which the database cuts itself: the event loop has better things to do. */
const insert = `
INSERT INTO routing_decisions (
  routing_id, workspace_id, day, key_hash, agent_name, model, model_family, source, strategy, query_sha256, query_text,
  eligible_count, catalogue_digest, chosen, offer_digest, passed, holdout, degraded_reason, timings, created_at,
  stored_at)
SELECT
  routing_id, workspace_id, day, key_hash, agent_name, model, model_family, source, strategy, query_sha256, query_text,
  eligible_count, catalogue_digest, chosen, offer_digest, passed, holdout, degraded_reason, timings, created_at,
  $2::timestamptz
FROM json_to_recordset($1::json) AS row (
  routing_id text, workspace_id text, day date, key_hash text, agent_name text, model text, model_family text,
  source text, strategy text, query_sha256 text, query_text text, eligible_count integer, catalogue_digest text,
  chosen json, offer_digest text, passed json, holdout boolean, degraded_reason text, timings jsonb, created_at timestamptz)
ON CONFLICT DO NOTHING`

const insertOffer = `
INSERT INTO routing_offers (workspace_id, digest, offered, last_day) VALUES ($1, $2, $3::jsonb, $4::date)
ON CONFLICT (workspace_id, digest) DO UPDATE SET last_day = excluded.last_day
WHERE routing_offers.last_day < excluded.last_day`
/** Offers remembered as written, with their day. */
const maxKnownOffers = 1_024

/** Decisions over SQL. `now` says when a row was stored, which is what counting goes by. */
export function createSqlDecisionStore(database: Database, now: () => number): DecisionStore {
  const { pool } = database
  const skills = new OfferedSkills(database)
  const knownOffers = new Map<string, string>()
  /** Ahead of the decisions that name it, so that none of them is without. */
  async function saveOffer(decision: RoutingDecision): Promise<void> {
    const { workspaceId, offerDigest: digest } = decision
    if (digest === null) return
    const name = `${workspaceId} ${digest}`
    const day = utcDay(decision.createdAt)
    if ((knownOffers.get(name) ?? '') >= day) return
    const offered = jsonParameter(toOfferRows(decision))
    await guardQuery(
      pool.query({ name: 'save-offer', text: insertOffer, values: [workspaceId, digest, offered, day] }),
    )
    if (knownOffers.size >= maxKnownOffers) knownOffers.clear()
    knownOffers.set(name, day)
  }
  return {
    async saveDecisions(decisions) {
      for (const decision of decisions) await saveOffer(decision)
      const rows = jsonParameter(decisions.map((decision) => toRow(decision, skills)))
      await skills.tell()
      await guardQuery(pool.query({ name: 'save-decisions', text: insert, values: [rows, new Date(now())] }))
    },
    async findDecision(workspaceId, routingId) {
      const { rows } = await guardQuery(
        pool.query<DecisionRow>(
          'SELECT * FROM offered_decisions WHERE routing_id = $1 AND workspace_id = $2',
          [routingId, workspaceId],
        ),
      )
      return rows[0] === undefined ? null : fromRow(rows[0])
    },
  }
}

interface DecisionRow {
  readonly routing_id: string
  readonly workspace_id: string
  readonly key_hash: string | null
  readonly agent_name: string | null
  readonly model: string | null
  readonly source: RoutingDecision['source']
  readonly strategy: RoutingDecision['strategy']
  readonly query_sha256: string | null
  readonly query_text: string | null
  readonly eligible_count: number
  readonly catalogue_digest: string
  readonly offered: readonly OfferRow[]
  readonly offer_digest: string | null
  readonly passed_over: readonly PassedOverRow[]
  readonly holdout: boolean
  readonly degraded_reason: string | null
  readonly timings: RoutingDecision['timings']
  readonly created_at: Date
}

/** An offered skill as it is kept. What most of them have in common is left out: numbers are what takes a database long to read. */
interface OfferRow {
  readonly skill_id: string
  readonly version_id: string
  readonly content_hash: string
  readonly name: string
  /** Left out where it is its place in the list, from 1. */
  readonly rank?: number | undefined
  readonly score: number
  readonly relevance: number
  /** 1 unless it is said. */
  readonly propensity?: number | undefined
  readonly explored?: boolean | undefined
  readonly hinted?: boolean | undefined
}

interface PassedOverRow {
  readonly skillId: string
  readonly name: string
  /** 0 unless it is said. */
  readonly propensity?: number | undefined
}

/** Member by member: a spread takes ten times as long. */
function toOfferRows({ offered, hinted }: RoutingDecision): OfferRow[] {
  return offered.map((offer, index) => ({
    skill_id: offer.skillId,
    version_id: offer.versionId,
    content_hash: offer.contentHash,
    name: offer.name,
    rank: offer.rank === index + 1 ? undefined : offer.rank,
    score: offer.score,
    relevance: offer.relevance,
    propensity: offer.propensity === 1 ? undefined : offer.propensity,
    explored: offer.explored || undefined,
    hinted: hinted.includes(offer.name) || undefined,
  }))
}

function fromOfferRow(row: OfferRow, index: number): OfferedSkill {
  return {
    skillId: row.skill_id,
    versionId: row.version_id,
    contentHash: row.content_hash,
    name: row.name,
    rank: row.rank ?? index + 1,
    score: row.score,
    relevance: row.relevance,
    propensity: row.propensity ?? 1,
    explored: row.explored ?? false,
  }
}

/** As `chosen` of the migration says it: short, for a database takes long to read what is long. */
function toChosen(decision: RoutingDecision, day: string, skills: OfferedSkills): unknown[] {
  const { workspaceId, offered, hinted } = decision
  return offered.map((offer, index) => {
    const { rank, score, relevance, propensity, explored, name } = offer
    const entry: unknown[] = [skills.keyOf(workspaceId, offer, day), score, relevance]
    const isHinted = hinted.includes(name)
    const isPlain = rank === index + 1 && propensity === 1 && !explored && !isHinted
    if (!isPlain) {
      entry.push({
        rank: rank === index + 1 ? undefined : rank,
        propensity: propensity === 1 ? undefined : propensity,
        explored: explored || undefined,
        hinted: isHinted || undefined,
      })
    }
    return entry
  })
}

function toPassed(
  { workspaceId, passedOver }: RoutingDecision,
  day: string,
  skills: OfferedSkills,
): unknown[] {
  return passedOver.map(({ skillId, name, propensity }) => {
    const key = skills.keyOf(workspaceId, { skillId, versionId: '', contentHash: '', name }, day)
    return propensity === 0 ? [key] : [key, propensity]
  })
}

/** Members that would be null are left out, and times are told to the microsecond. */
function toRow(decision: RoutingDecision, skills: OfferedSkills): object {
  const day = utcDay(decision.createdAt)
  return {
    routing_id: decision.routingId,
    workspace_id: decision.workspaceId,
    day,
    key_hash: decision.keyHash ?? undefined,
    agent_name: decision.agentName ?? undefined,
    model: decision.model ?? undefined,
    model_family: decision.model === null ? '' : modelFamilyOf(decision.model),
    source: decision.source,
    strategy: decision.strategy,
    query_sha256: decision.querySha256 ?? undefined,
    query_text: decision.queryText ?? undefined,
    eligible_count: decision.eligibleCount,
    catalogue_digest: decision.catalogueDigest,
    chosen: decision.offerDigest === null ? toChosen(decision, day, skills) : undefined,
    offer_digest: decision.offerDigest ?? undefined,
    passed: toPassed(decision, day, skills),
    holdout: decision.holdout,
    degraded_reason: decision.degradedReason ?? undefined,
    timings: roundTimings(decision.timings),
    created_at: new Date(decision.createdAt),
  }
}

const roundTimings = (timings: RoutingDecision['timings']): RoutingDecision['timings'] =>
  Object.fromEntries(Object.entries(timings).map(([step, ms]) => [step, Math.round(1_000 * ms) / 1_000]))

function fromRow(row: DecisionRow): RoutingDecision {
  return {
    routingId: row.routing_id,
    workspaceId: row.workspace_id,
    keyHash: row.key_hash,
    agentName: row.agent_name,
    model: row.model,
    source: row.source,
    strategy: row.strategy,
    querySha256: row.query_sha256,
    queryText: row.query_text,
    eligibleCount: row.eligible_count,
    catalogueDigest: row.catalogue_digest,
    offered: row.offered.map(fromOfferRow),
    offerDigest: row.offer_digest,
    passedOver: row.passed_over.map(({ propensity = 0, ...skill }) => ({ ...skill, propensity })),
    hinted: row.offered.filter(({ hinted }) => hinted).map(({ name }) => name),
    holdout: row.holdout,
    degradedReason: row.degraded_reason,
    timings: row.timings,
    createdAt: row.created_at.getTime(),
  }
}
