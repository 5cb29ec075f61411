/** A guard that must never be passed over, and cannot start. */
export default {
  metadata: { name: 'sentry', capabilities: ['GUARDRAIL'], failureMode: 'abort' },
  startup() {
    throw new Error('there is no list of what is forbidden')
  },
}
