const seen = {}

/** Declares nothing, and tries everything. */
export default {
  metadata: { name: 'powerless' },
  startup(app, context) {
    Object.assign(seen, { app, mcp: context.mcp, a2a: context.a2a })
    try {
      context.routing.registerStrategy('mine', () => ({ model: 'small' }))
    } catch (error) {
      seen.refusal = error.message
    }
  },
  healthCheck: () => seen,
  evaluateMcpResult() {
    seen.evaluated = true
    return { score: 1 }
  },
}
