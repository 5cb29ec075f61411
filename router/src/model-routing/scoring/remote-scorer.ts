import type { Scorer } from './scorer.ts'

/** The inner scorer with what a remote strategy said in place of its own estimates; without an answer the inner one decides. */
export function createRemoteScorer(inner: Scorer, name: string): Scorer {
  return {
    ...inner,
    name,
    needs: [...inner.needs, 'remote'],
    score(features, context, models, out) {
      inner.score(features, context, models, out)
      const { advice } = context
      if (advice === null) return
      const positionOf = (called: string): number =>
        models.findIndex(({ name: own, aliases }) => own === called || aliases.includes(called))
      const change = new Float64Array(models.length)
      for (const [called, score] of Object.entries(advice.scores)) {
        const at = positionOf(called)
        if (at < 0) continue
        change[at] = score - (out.q[at] as number)
        out.q[at] = score
      }
      out.components.set('remote', change)
      const picked = advice.model === null ? -1 : positionOf(advice.model)
      if (picked >= 0) out.pool = [picked]
      out.reasons.push(picked >= 0 || change.some((moved) => moved !== 0) ? 'remote' : 'remote_unknown_model')
    },
  }
}
