/** Admits badges, `badge.<base64url of a principal>`, and measures whose they are. */
export default {
  metadata: { name: 'badges', capabilities: ['AUTH_PROVIDER'] },
  startup(_app, { metrics }) {
    const meter = metrics.getMeter('door')
    this.shown = meter.createCounter({ name: 'badges', help: 'Badges shown.', labels: ['holder'] })
    this.took = meter.createHistogram({ name: 'length', buckets: [10, 1000] })
  },
  authenticate(token) {
    if (!token.startsWith('badge.')) return null
    const principal = JSON.parse(Buffer.from(token.slice(6), 'base64url').toString())
    this.shown.add({ holder: principal.id })
    this.took.observe(token.length)
    return principal
  },
}
