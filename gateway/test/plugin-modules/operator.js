const seen = {}

/** Does on the planes of the gateway whatever it is told to, and judges what tools and agents answer. */
export default {
  metadata: {
    name: 'operator',
    capabilities: ['ROUTES', 'ROUTING_STRATEGY', 'TOOL_RUNTIME', 'EVALUATOR'],
    failureMode: 'abort',
  },
  async startup(app, context) {
    seen.strategyAtStart = await context.routing.getActiveStrategy()
    context.routing.registerStrategy('by-length', ({ query }) => ({
      model: query.length > 20 ? 'large' : 'small',
    }))
    context.routing.registerStrategy('broken', () => {
      throw new Error('this strategy is broken')
    })
    app.addRoute({
      method: 'POST',
      path: '/operator/{plane}/{method}',
      auth: 'admin',
      handler: async ({ params, body }) => {
        try {
          return { body: { result: (await context[params.plane][params.method](...body.args)) ?? null } }
        } catch (error) {
          return { statusCode: 400, body: { message: error.message } }
        }
      },
    })
  },
  healthCheck: () => ({ status: 'ok', ...seen }),
  // What it asks of the gateway itself is not shown to it.
  onRequest: ({ path }) => (path.startsWith('/llmrouter/') ? { statusCode: 410 } : null),
  evaluateMcpResult(invocation) {
    seen.tool = invocation
    return { score: invocation.outcome === 'success' ? 0.9 : 0.1, metadata: { by: 'rule' } }
  },
  evaluateA2aResult(invocation) {
    seen.agent = invocation
    return null
  },
}
