import { GatewayError } from '@routeiq/contract'
import { compareVersions, type Proportion, type Stratum, wilsonInterval } from '@routeiq/router'
import type { RollupRow } from './rollup-store.ts'
import { groupRows, judgedOf, share, tallyOf } from './tally.ts'

const shortestPrefix = 12

/**
 * The hash that is meant by a whole hash or by its first 12 or more characters. Errors: `not_found` for none,
 * `conflict` for several, `invalid_request` for a shorter prefix.
 */
export function resolveHash(given: string, known: Iterable<string>): string {
  const wanted = given
    .trim()
    .toLowerCase()
    .replace(/^sha256:/, '')
  const hashes = new Set(known)
  if (hashes.has(wanted)) return wanted
  if (wanted.length < shortestPrefix) {
    throw new GatewayError('invalid_request', `Give at least ${shortestPrefix} characters of the hash.`)
  }
  const matching = [...hashes].filter((hash) => hash.startsWith(wanted))
  const [only] = matching
  if (only === undefined)
    throw new GatewayError('not_found', `No version of this skill has the hash ${wanted.slice(0, 64)}.`)
  if (matching.length > 1) {
    throw new GatewayError(
      'conflict',
      `${matching.length} versions begin with ${wanted.slice(0, 64)}; give more of the hash.`,
    )
  }
  return only
}

/** Two versions of a skill, held against each other, from rows by version and model family. */
export function formatComparison(
  rows: readonly RollupRow[],
  hashes: { readonly baseline: string; readonly candidate: string },
  numbers: ReadonlyMap<string, number>,
  alpha: number,
): object {
  const of = (hash: string): readonly RollupRow[] => rows.filter(({ contentHash }) => contentHash === hash)
  const [before, after] = [of(hashes.baseline), of(hashes.candidate)]
  const baseline = judgedOf(tallyOf(before))
  const candidate = judgedOf(tallyOf(after))
  const { stratified, ...comparison } = compareVersions(baseline, candidate, stratify(before, after), alpha)
  return {
    verdict: comparison.verdict,
    ...(comparison.reason === null ? {} : { reason: comparison.reason }),
    alpha: comparison.alpha,
    test: comparison.test,
    p_value: comparison.pValue,
    z: comparison.z,
    delta_pass_rate: comparison.delta,
    delta_ci: comparison.deltaInterval,
    min_effect: comparison.minEffect,
    baseline: formatArm(hashes.baseline, before, baseline, numbers),
    candidate: formatArm(hashes.candidate, after, candidate, numbers),
    required_n_per_arm: comparison.requiredPerArm,
    ...(stratified === null
      ? {}
      : {
          stratified: {
            test: 'cochran_mantel_haenszel',
            by: 'model_family',
            statistic: stratified.statistic,
            p_value: stratified.pValue,
            odds_ratio: stratified.oddsRatio,
            sign: stratified.sign,
          },
        }),
  }
}

/** Model families under which either version was judged. */
function stratify(before: readonly RollupRow[], after: readonly RollupRow[]): Stratum[] {
  const family = ({ modelFamily }: RollupRow): string => modelFamily
  const [baselines, candidates] = [groupRows(before, family), groupRows(after, family)]
  const names = [...new Set([...baselines.keys(), ...candidates.keys()])]
  return names
    .map((name) => ({
      baseline: judgedOf(tallyOf(baselines.get(name) ?? [])),
      candidate: judgedOf(tallyOf(candidates.get(name) ?? [])),
    }))
    .filter(({ baseline, candidate }) => baseline.judged + candidate.judged > 0)
}

function formatArm(
  hash: string,
  rows: readonly RollupRow[],
  judged: Proportion,
  numbers: ReadonlyMap<string, number>,
): object {
  return {
    hash,
    version_number: numbers.get(hash) ?? null,
    trace_count: tallyOf(rows).activations,
    judged_count: judged.judged,
    pass_count: judged.passes,
    pass_rate: share(judged.passes, judged.judged),
    ci: judged.judged === 0 ? null : wilsonInterval(judged),
  }
}
