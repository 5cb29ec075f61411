import { modelFamilyOf } from '@routeiq/router'
import type { DecisionStore } from '../../evidence/decisions/decision-store.ts'
import type { OfferedSkill, RoutingDecision } from '../../evidence/decisions/routing-decision.ts'
import { utcDay } from '../../evidence/utc-day.ts'
import type { Database } from '../database/database.ts'
import { guardQuery } from '../database/database-error.ts'
import { jsonParameter } from './json-parameter.ts'

/** Rows travel as one JSON parameter, which the database cuts itself: the event loop has better things to do. */
const insert = `
INSERT INTO routing_decisions (
  routing_id, workspace_id, day, key_hash, agent_name, model, model_family, source, strategy, query_sha256, query_text,
  eligible_count, catalogue_digest, offered, offer_digest, passed_over, holdout, degraded_reason, timings, created_at,
  stored_at)
SELECT
  routing_id, workspace_id, day, key_hash, agent_name, model, model_family, source, strategy, query_sha256, query_text,
  eligible_count, catalogue_digest, offered, offer_digest, passed_over, holdout, degraded_reason, timings, created_at,
  $2::timestamptz
FROM json_to_recordset($1::json) AS row (
  routing_id text, workspace_id text, day date, key_hash text, agent_name text, model text, model_family text,
  source text, strategy text, query_sha256 text, query_text text, eligible_count integer, catalogue_digest text,
  offered jsonb, offer_digest text, passed_over jsonb, holdout boolean, degraded_reason text, timings jsonb, created_at timestamptz)
ON CONFLICT DO NOTHING`

const insertOffer = `
INSERT INTO routing_offers (workspace_id, digest, offered, last_day) VALUES ($1, $2, $3::jsonb, $4::date)
ON CONFLICT (workspace_id, digest) DO UPDATE SET last_day = excluded.last_day
WHERE routing_offers.last_day < excluded.last_day`
/** Offers remembered as written, with their day. */
const maxKnownOffers = 1_024

/** Decisions over SQL. `now` says when a row was stored, which is what counting goes by. */
export function createSqlDecisionStore({ pool }: Database, now: () => number): DecisionStore {
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
      const rows = jsonParameter(decisions.map(toRow))
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

const toPassedOverRows = ({ passedOver }: RoutingDecision): PassedOverRow[] =>
  passedOver.map(({ skillId, name, propensity }) => ({ skillId, name, propensity: propensity || undefined }))

function toRow(decision: RoutingDecision): object {
  return {
    routing_id: decision.routingId,
    workspace_id: decision.workspaceId,
    day: utcDay(decision.createdAt),
    key_hash: decision.keyHash,
    agent_name: decision.agentName,
    model: decision.model,
    model_family: decision.model === null ? '' : modelFamilyOf(decision.model),
    source: decision.source,
    strategy: decision.strategy,
    query_sha256: decision.querySha256,
    query_text: decision.queryText,
    eligible_count: decision.eligibleCount,
    catalogue_digest: decision.catalogueDigest,
    offered: decision.offerDigest === null ? toOfferRows(decision) : null,
    offer_digest: decision.offerDigest,
    passed_over: toPassedOverRows(decision),
    holdout: decision.holdout,
    degraded_reason: decision.degradedReason,
    timings: decision.timings,
    created_at: new Date(decision.createdAt),
  }
}

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
