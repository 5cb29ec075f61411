/** A guard of answers: it takes names out, refuses what is forbidden, and breaks where it is told to. */
export default {
  metadata: { name: 'editor', capabilities: ['GUARDRAIL'], failureMode: 'abort' },
  onLlmAnswer(_model, { texts }) {
    if (texts.some((text) => text.includes('forbidden')))
      return { deny: { message: 'Not this answer.', id: 'rule-2' } }
    if (texts.some((text) => text.includes('broken'))) throw new Error('secret detail')
    return { texts: texts.map((text) => text.replaceAll('Ann', '[name]')) }
  },
}
