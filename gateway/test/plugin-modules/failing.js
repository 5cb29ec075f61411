/** Fails when it is told to, and a request must not pass then. */
export default {
  metadata: { name: 'failing', failureMode: 'abort' },
  onRequest({ headers }) {
    if (headers['x-fail'] === 'abort') throw new Error('the failing plugin says: secret detail')
  },
}
