import type { ExperimentReport } from '@routeiq/router'
import type { ExperimentRecord } from '../model-routing/experiments/experiment.ts'
import type { ExperimentFigures } from '../model-routing/experiments/judge-experiment.ts'

/** An experiment as the API shows it; `figures` are null where nothing was measured. */
export function describeExperiment(experiment: ExperimentRecord, figures: ExperimentFigures | null): object {
  const report = figures?.report ?? experiment.report
  return {
    id: experiment.id,
    state: experiment.state,
    hypothesis: experiment.hypothesis,
    variants: experiment.variants.map((variant) => ({
      ...variant,
      ...describeOutcomes(figures, variant.name),
    })),
    models: experiment.models,
    primary_metric: 'cost_per_successful_task',
    guard_metrics: ['quality', 'error_rate', 'latency_p95'],
    margin: experiment.margin,
    min_samples: experiment.minSamples,
    min_days: experiment.minDays,
    max_share: experiment.maxShare,
    four_eyes: experiment.fourEyes,
    salt: experiment.salted,
    winner: experiment.winner,
    applied: experiment.applied,
    created_at: iso(experiment.createdAt),
    started_at: experiment.startedAt === null ? null : iso(experiment.startedAt),
    ended_at: experiment.endedAt === null ? null : iso(experiment.endedAt),
    history: experiment.history.map(({ at, ...transition }) => ({ at: iso(at), ...transition })),
    report: report === null ? null : describeReport(report),
  }
}

function describeOutcomes(figures: ExperimentFigures | null, name: string): object {
  const found = figures?.variants.find((variant) => variant.name === name)
  if (found === undefined) return {}
  const { qualities } = found
  return {
    units: found.units,
    judged_units: qualities.length,
    quality: qualities.length === 0 ? null : qualities.reduce((sum, one) => sum + one, 0) / qualities.length,
    cptc: found.costPerSuccess,
    requests: found.requests,
    error_rate: found.requests === 0 ? null : found.errors / found.requests,
    latency_p95_ms: found.p95Ms,
  }
}

/** No verdict where the split is not the one that was asked for. */
function describeReport(report: ExperimentReport): object {
  return {
    sample_ratio_p: report.sampleRatioP,
    srm_failed: report.isSampleRatioOff,
    complete: report.isComplete,
    challengers: report.challengers.map((challenger) => ({
      name: challenger.name,
      quality_difference: challenger.qualityDifference,
      quality_difference_ci: challenger.qualityInterval,
      cptc_difference: challenger.costPerSuccessDifference,
      guard_breached: challenger.breach,
      verdict: report.isSampleRatioOff ? null : challenger.isBetter ? 'better' : 'not_shown_to_be_better',
    })),
  }
}

const iso = (at: number): string => new Date(at).toISOString()
