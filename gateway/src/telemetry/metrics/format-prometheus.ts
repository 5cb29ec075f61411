import type { FamilySnapshot, HistogramValue, MetricsSnapshot, SeriesSnapshot } from './snapshot.ts'

export const prometheusContentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Prometheus text exposition format 0.0.4 (prometheus.io/docs/instrumenting/exposition_formats). */
export function formatPrometheus(snapshot: MetricsSnapshot): string {
  return snapshot.map(formatFamily).join('')
}

function formatFamily(family: FamilySnapshot): string {
  const help = family.help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  const head = `# HELP ${family.name} ${help}\n# TYPE ${family.name} ${family.type}\n`
  return head + family.series.map((series) => formatSeries(family, series)).join('')
}

function formatSeries(family: FamilySnapshot, { labels, value }: SeriesSnapshot): string {
  const pairs = family.labelNames.map((name, index) => `${name}="${escapeLabel(labels[index] ?? '')}"`)
  if (typeof value !== 'number') return formatHistogram(family, pairs, value)
  return `${family.name}${joinPairs(pairs)} ${formatNumber(value)}\n`
}

function formatHistogram(
  { name, bounds }: FamilySnapshot,
  pairs: readonly string[],
  value: HistogramValue,
): string {
  let cumulative = 0
  let text = ''
  value.counts.forEach((count, index) => {
    cumulative += count
    const bound = bounds[index] ?? Number.POSITIVE_INFINITY
    text += `${name}_bucket${joinPairs([...pairs, `le="${formatNumber(bound)}"`])} ${cumulative}\n`
  })
  const labels = joinPairs(pairs)
  return `${text}${name}_sum${labels} ${formatNumber(value.sum)}\n${name}_count${labels} ${cumulative}\n`
}

function joinPairs(pairs: readonly string[]): string {
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function formatNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
