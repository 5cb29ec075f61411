import { analyseExperiment, type ExperimentReport, type VariantOutcomes } from '@routeiq/router'
import type { EvidenceRow } from '../choice-store.ts'
import { costPerSuccess } from '../cost-per-success.ts'
import { type ExperimentRecord, moveTo } from './experiment.ts'
import type { ExperimentStore } from './experiment-store.ts'

const dayMs = 86_400_000
/** The newest so many choices are looked at. */
const mostRows = 50_000
const leastLatencies = 100

/** What an experiment has shown so far, by variant. */
export interface ExperimentFigures {
  readonly variants: readonly VariantOutcomes[]
  readonly report: ExperimentReport
}

/** Reads what became of every variant's units and holds the challengers against the control. */
export async function measureExperiment(
  store: Pick<ExperimentStore, 'countExposures' | 'listExperimentChoices'>,
  experiment: ExperimentRecord,
  now: number,
): Promise<ExperimentFigures> {
  const counts = await store.countExposures(experiment.id)
  const rows = await store.listExperimentChoices(experiment.id, mostRows)
  const variants = experiment.variants.map(({ name, weight }) => ({
    ...{ name, weight, units: counts.find(({ variant }) => variant === name)?.units ?? 0 },
    ...describeRows(rows.filter((row) => row.experiment?.variant === name)),
  }))
  const { startedAt, minDays, margin, minSamples } = experiment
  const isOldEnough = startedAt !== null && now - startedAt >= minDays * dayMs
  return { variants, report: analyseExperiment(variants, { margin, minSamples, isOldEnough }) }
}

function describeRows(rows: readonly EvidenceRow[]): Omit<VariantOutcomes, 'name' | 'weight' | 'units'> {
  const judged = rows.filter(({ score }) => score !== null)
  const units = new Map<string, number[]>()
  for (const { experiment, score } of judged) {
    const unit = experiment?.unit ?? ''
    units.set(unit, [...(units.get(unit) ?? []), score ?? 0])
  }
  const latencies = rows
    .flatMap(({ latencyMs, status }) => (latencyMs === null || status >= 400 ? [] : [latencyMs]))
    .sort((left, right) => left - right)
  return {
    qualities: [...units.values()].map(
      (scores) => scores.reduce((sum, score) => sum + score, 0) / scores.length,
    ),
    costPerSuccess: costPerSuccess(judged),
    requests: rows.length,
    errors: rows.filter(({ status }) => status >= 500).length,
    p95Ms:
      latencies.length < leastLatencies ? null : (latencies[Math.floor(0.95 * latencies.length)] ?? null),
  }
}

/**
 * The experiment as it goes on after a look at its figures: stopped where a challenger broke a guard, up for review where the split is
 * wrong or there is enough to be judged. Nothing is ever approved here: that is for a human.
 */
export function followExperiment(
  experiment: ExperimentRecord,
  report: ExperimentReport,
  now: number,
): ExperimentRecord {
  const seen = { ...experiment, report }
  const broken = report.challengers.find(({ breach }) => breach !== null)
  const change = (to: 'stopped' | 'review', reason: string): ExperimentRecord =>
    moveTo(seen, to, { at: now, by: null, reason }) ?? seen
  if (broken !== undefined) return change('stopped', `guard:${broken.breach}:${broken.name}`)
  if (report.isSampleRatioOff) return change('review', 'srm_failed')
  return report.isComplete ? change('review', 'enough_samples') : seen
}
