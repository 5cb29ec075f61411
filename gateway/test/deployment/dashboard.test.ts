import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { routeiqMetrics } from '../../src/telemetry/metrics/names.ts'

it('every metric of the dashboard is one of ours, with the labels it is grouped by', () => {
  const text = readFileSync(new URL('../../../deploy/observability/dashboard.json', import.meta.url), 'utf8')
  const dashboard: { panels: { targets: { expr: string }[] }[] } = JSON.parse(text)
  const expressions = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
  expect(expressions.length).toBeGreaterThan(9)
  const definitions = new Map(
    Object.values(routeiqMetrics).map((definition) => [
      definition.type === 'histogram' ? `${definition.name}_bucket` : definition.name,
      definition.labels,
    ]),
  )
  for (const expression of expressions) {
    const labels = definitions.get(
      /(?:gateway|gen_ai|routeiq)_\w+/.exec(expression.replace(/by \([^)]*\)/, ''))?.[0] ?? '',
    )
    expect(labels, expression).toBeDefined()
    const grouped = /by \(([^)]*)\)/.exec(expression)?.[1]?.split(', ') ?? []
    expect([...(labels ?? []), 'le'], expression).toEqual(expect.arrayContaining(grouped))
  }
})
