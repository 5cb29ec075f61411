import type { ReceivedRequest } from './received-request.ts'
import type { Step } from './scripted-upstream.ts'
import { answerTruly, respond } from './steps.ts'

/** A Llama Guard model behind a server of OpenAI's wire: unsafe is what speaks of bombs. */
export function judgeAsLlamaGuard(category: string): Step {
  return (call) => {
    const isUnsafe = /\bbombs?\b/i.test(lastWords(call.request))
    return answerTruly({ content: isUnsafe ? `\n\nunsafe\n${category}` : '\n\nsafe' })(call)
  }
}

/** The turn that is judged: the last message, or the last of the conversation that a prompt quotes. */
export function lastWords({ json }: ReceivedRequest): string {
  const { messages, prompt } = json as { messages?: { content: string }[]; prompt?: string }
  if (messages !== undefined) return messages.at(-1)?.content ?? ''
  const [, conversation = ''] =
    /<BEGIN CONVERSATION>\n\n([\s\S]*)\n\n<END CONVERSATION>/.exec(prompt ?? '') ?? []
  return conversation.split(/\n\n(?=Agent: )/).at(-1) ?? ''
}

const usage = {
  topicPolicyUnits: 1,
  contentPolicyUnits: 1,
  wordPolicyUnits: 0,
  sensitiveInformationPolicyUnits: 1,
  sensitiveInformationPolicyFreeUnits: 0,
  contextualGroundingPolicyUnits: 0,
}
const invocationMetrics = {
  guardrailProcessingLatency: 312,
  usage,
  guardrailCoverage: { textCharacters: { guarded: 20, total: 20 } },
}

/** The text an ApplyGuardrail request is about, and whether it is an answer. */
export function guardedText({ json }: ReceivedRequest): {
  readonly source: string
  readonly text: string
} {
  const { source, content } = json as { source: string; content: { text: { text: string } }[] }
  return { source, text: content.map(({ text }) => text.text).join('') }
}

/** A guardrail of Amazon Bedrock: talk of divorce is a denied topic, names are masked. */
export const applyGuardrail: Step = (call) => {
  const { text } = guardedText(call.request)
  const answer = (body: object) =>
    respond(200, { usage, guardrailCoverage: invocationMetrics.guardrailCoverage, ...body })(call)
  if (/divorce/i.test(text))
    return answer({
      action: 'GUARDRAIL_INTERVENED',
      actionReason: 'Guardrail blocked.',
      outputs: [{ text: 'We do not talk of this here.' }],
      assessments: [
        {
          topicPolicy: { topics: [{ name: 'Family law', type: 'DENY', action: 'BLOCKED', detected: true }] },
          sensitiveInformationPolicy: {
            piiEntities: [{ match: 'Ann', type: 'NAME', action: 'ANONYMIZED', detected: true }],
            regexes: [],
          },
          invocationMetrics,
        },
      ],
    })
  if (/\bAnn\b/.test(text))
    return answer({
      action: 'GUARDRAIL_INTERVENED',
      actionReason: 'Guardrail masked.',
      outputs: [{ text: text.replaceAll(/\bAnn\b/g, '{NAME}') }],
      assessments: [
        {
          sensitiveInformationPolicy: {
            piiEntities: [{ match: 'Ann', type: 'NAME', action: 'ANONYMIZED', detected: true }],
            regexes: [],
          },
          invocationMetrics,
        },
      ],
    })
  return answer({
    action: 'NONE',
    actionReason: 'No action.',
    outputs: [],
    assessments: [{ invocationMetrics }],
  })
}
