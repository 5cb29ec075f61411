const events = []
const record =
  (hook) =>
  (...args) => {
    events.push({ hook, args: JSON.parse(JSON.stringify(args)) })
  }

/** Remembers every call of a hook and shows it at a route of its own. */
export default {
  metadata: {
    name: 'recorder',
    version: '1.2.3',
    capabilities: ['ROUTES'],
    priority: 2000,
    dependsOn: ['gatekeeper'],
  },
  startup(app, context) {
    const seen = context.metrics.createCounter({ name: 'calls', help: 'Calls seen.', labels: ['model'] })
    const took = context.metrics.createHistogram({ name: 'seconds', buckets: [1, 60] })
    this.onLlmSuccess = (model, response, call) => {
      seen.add({ model })
      took.observe(response.durationMs / 1000)
      record('onLlmSuccess')(model, response, call)
    }
    events.push({ hook: 'startup', args: [context.settings, context.models.listModels()] })
    app.addRoute({
      method: 'GET',
      path: '/recorder/{hook}',
      handler: ({ params, caller }) => ({
        body: { events: events.filter(({ hook }) => hook === params.hook), caller },
        headers: { 'x-recorder': 'yes' },
      }),
    })
    app.addRoute({
      method: 'POST',
      path: '/recorder/echo',
      auth: 'public',
      handler: ({ body }) => ({ statusCode: 202, body }),
    })
    app.addRoute({
      method: 'GET',
      path: '/recorder/broken/route',
      handler: () => {
        throw new Error('this route is broken')
      },
    })
  },
  healthCheck: () => ({ status: 'ok', events: events.length > 0 }),
  onRequest: record('onRequest'),
  onResponse: record('onResponse'),
  onLlmPreCall: record('onLlmPreCall'),
  onLlmSuccess: record('onLlmSuccess'),
  onLlmFailure: record('onLlmFailure'),
  onConfigReload: record('onConfigReload'),
  onRouteRegister: record('onRouteRegister'),
  onModelHealthChange: record('onModelHealthChange'),
  onCircuitBreakerChange: record('onCircuitBreakerChange'),
  onManagementOperation: record('onManagementOperation'),
}
