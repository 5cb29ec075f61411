import type { IntentReview } from '../checks/review-intent.ts'
import type { SkillFile } from '../skill.ts'
import type { RegistryDetail, RegistryEntry } from './registry-store.ts'

/** How a scan's result is told to people. */
export const safetyWords = {
  clean: 'passed',
  flagged: 'caution',
  blocked: 'blocked',
  unscanned: 'unreviewed',
} as const

/** An entry as lists show it. `installedAs` is the caller's own name for it, if it has one. */
export function formatEntry(entry: RegistryEntry, installedAs: string | undefined): Record<string, unknown> {
  const { standing } = entry
  return {
    id: entry.skillId,
    name: entry.name,
    url_slug: entry.urlSlug,
    display_name: entry.displayName,
    description: entry.description,
    category: entry.category,
    tags: entry.tags,
    skill_badge: entry.badge,
    author_display_name: entry.authorDisplayName,
    source_type: entry.source,
    source_url: null,
    install_count: standing.installCount,
    avg_rating: standing.ratingAvg,
    rating_count: standing.ratingCount,
    effectiveness: {
      skill_score: standing.skillScore,
      score_components: standing.scoreComponents,
      label: standing.skillScore === null ? 'New' : null,
      avg_pass_rate: standing.passRate,
      avg_effectiveness: standing.effectiveness,
      trend: standing.trend,
      by_model: standing.byModel ?? [],
    },
    benchmark_summary: formatBenchmark(entry),
    skill_safety: safetyWords[entry.safetyStatus],
    safety_status: entry.safetyStatus,
    latest_version_number: entry.versionNumber,
    content_hash: entry.contentHash,
    total_activations_30d: standing.activations30d,
    published_at: new Date(entry.publishedAt).toISOString(),
    ...(installedAs === undefined ? {} : { installed_as: installedAs }),
  }
}

function formatBenchmark({ standing }: RegistryEntry): object | null {
  if (standing.improvementPts === null) return null
  return {
    pass_rate_delta_pts: standing.improvementPts,
    tokens_delta_pct: standing.tokensDeltaPct,
    turns_delta_pct: standing.turnsDeltaPct,
  }
}

/** The page of one skill. */
export function formatDetail(
  detail: RegistryDetail,
  installedAs: string | undefined,
): Record<string, unknown> {
  // Needs a judge model, which no workspace has to have.
  const review = detail.scan?.['intent_review'] as Partial<IntentReview> | undefined
  return {
    ...formatEntry(detail, installedAs),
    body_markdown: detail.body,
    safety: { summary: detail.scan?.['summary'] ?? null, findings: detail.scan?.['findings'] ?? [] },
    intent_status: review?.intent_status ?? 'unreviewed',
    content_status: review?.content_status ?? 'unreviewed',
    attachments: detail.files.map(formatFile),
    attachment_count: detail.files.length,
  }
}

/** A file of a public skill; its id is its path, as every id of the registry can be read. */
export function formatFile({ path, contentType, sizeBytes, digest }: SkillFile) {
  const slash = path.indexOf('/')
  return {
    id: path,
    file_path: path,
    directory: slash === -1 ? '' : path.slice(0, slash),
    content_type: contentType,
    size_bytes: sizeBytes,
    digest,
  }
}
