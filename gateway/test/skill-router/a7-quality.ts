import { expect, it } from 'vitest'
import type { Body, Stage, Workspace } from './stage.ts'
import { requests, tools } from './tool-corpus.ts'

interface Quality {
  readonly hitAt1: number
  readonly hitAt5: number
  readonly reciprocalRank: number
}

/** Of the rank of the right skill for each request; 0 where it was not found. */
function measure(ranks: readonly number[]): Quality {
  const share = (holds: (rank: number) => boolean): number => ranks.filter(holds).length / ranks.length
  return {
    hitAt1: share((rank) => rank === 1),
    hitAt5: share((rank) => rank >= 1 && rank <= 5),
    reciprocalRank: ranks.reduce((sum, rank) => sum + (rank === 0 ? 0 : 1 / rank), 0) / ranks.length,
  }
}

async function rankOf(
  workspace: Workspace,
  request: string,
  wanted: string,
): Promise<Record<string, number>> {
  const { explain } = await workspace.route(request, {
    ...{ dry_run: true, explain: true },
    top_k: 25,
    min_relevance: 0,
  })
  const row = explain.rows.find(({ name }: Body) => name === wanted)
  return { fused: row?.rank ?? 0, ...row?.lists }
}

/** How often the right skill is found, by each list and by all of them together. */
export function describeQuality(stage: () => Stage): void {
  it('fused is at least as good as the best single list, and finds nearly every skill among the first five', async () => {
    const workspace = await stage().open('quality')
    await workspace.sync(
      tools.map(([name, description]) => ({ name, description, body_markdown: bodyFor(name) })),
    )
    const ranks: Record<string, number>[] = []
    for (const [request, wanted] of requests) ranks.push(await rankOf(workspace, request, wanted))
    const names = [
      'fused',
      ...new Set(ranks.flatMap((rank) => Object.keys(rank)).filter((name) => name !== 'fused')),
    ]
    const measured = Object.fromEntries(
      names.map((name) => [name, measure(ranks.map((rank) => rank[name] ?? 0))]),
    )
    const { fused, ...single } = measured
    if (fused === undefined) throw new Error('nothing was ranked')
    const report = JSON.stringify(measured)
    expect(Object.keys(single).length, report).toBeGreaterThanOrEqual(2)
    for (const quality of Object.values(single)) {
      expect(fused.hitAt1, report).toBeGreaterThanOrEqual(quality.hitAt1)
      expect(fused.hitAt5, report).toBeGreaterThanOrEqual(quality.hitAt5)
      expect(fused.reciprocalRank, report).toBeGreaterThanOrEqual(quality.reciprocalRank)
    }
    expect(fused.hitAt5, report).toBeGreaterThanOrEqual(0.9)
    expect(fused.hitAt1, report).toBeGreaterThanOrEqual(0.7)
  })
}

/** Bodies that tell nothing, so that names and descriptions are what is compared. */
const bodyFor = (name: string): string =>
  `# ${name}\n\nGo on step by step until all of it is done, then tell what was done.`
