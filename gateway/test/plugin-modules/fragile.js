/** Is quarantined after its first failure. */
export default {
  metadata: { name: 'fragile', failureMode: 'quarantine' },
  onRequest({ headers }) {
    if (headers['x-fail'] === 'quarantine') throw new Error('broken for good')
    return headers['x-fragile'] === 'block' ? { statusCode: 410 } : null
  },
}
