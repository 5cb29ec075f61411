/** Does with a call whatever its last message says. */
export default class Gatekeeper {
  metadata = { name: 'gatekeeper', capabilities: ['GUARDRAIL'], priority: 10 }

  onRequest({ headers }) {
    if (headers['x-block'] === 'plainly') return {}
    if (headers['x-block'] === 'kindly')
      return {
        statusCode: 418,
        body: { error: 'teapot', message: 'No coffee here.' },
        headers: { 'x-tea': 'green' },
      }
    return null
  }

  onLlmPreCall(_model, messages, call) {
    const words = messages?.at?.(-1)?.content ?? messages
    switch (words) {
      case 'deny':
        return { deny: { message: 'Not this.', id: 'rule-1' } }
      case 'rewrite':
        return { messages: [{ role: 'user', content: 'rewritten' }], temperature: 0.5 }
      case 'mutate':
        messages.length = 0
        return null
      case 'answer':
        return {
          shortCircuit: {
            ...{ id: 'chatcmpl-plugin', object: 'chat.completion', created: 1, model: call.model },
            choices: [
              { index: 0, message: { role: 'assistant', content: 'from the plugin' }, finish_reason: 'stop' },
            ],
          },
        }
      case 'other model':
        return { model: 'dear' }
      default:
        return null
    }
  }
}
