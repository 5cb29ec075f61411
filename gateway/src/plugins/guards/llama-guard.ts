import type { Plugin } from '@routeiq/contract'
import { z } from 'zod'
import type { LlamaGuardConfig } from '../../config/config.ts'
import { listUserTexts, onlyMeasures } from './call-text.ts'
import { groupPieces, piecesOf } from './cut-text.ts'
import { findVerdict, type GuardService } from './guard-service.ts'
import { type JudgedWords, readVerdict, withoutMarks, writePrompt } from './llama-guard-prompt.ts'
import { SafeTexts } from './safe-texts.ts'

/** About 2,000 tokens: the first generation has room for 4,096. */
const longestPiece = 8_000
const longestQuestion = 2_000
const verdictTokens = 64
const paragraph = '\n\n'

const chatAnswer = z.object({
  choices: z.array(z.object({ message: z.object({ content: z.string() }) })).min(1),
})
const completionAnswer = z.union([
  z.object({ choices: z.array(z.object({ text: z.string() })).min(1) }),
  z.object({ generated_text: z.string() }),
])

/** Has a Llama Guard model judge what users and tools have written, and what models answer. */
export function createLlamaGuard({ form, model, failMode }: LlamaGuardConfig, service: GuardService): Plugin {
  const safe = new SafeTexts()
  const judge = async (words: JudgedWords): Promise<string | null> => {
    const clean = {
      asked: withoutMarks(words.asked),
      answered: words.answered === null ? null : withoutMarks(words.answered),
    }
    return readVerdict(model, await ask(form, model, clean, service))
  }
  return {
    metadata: {
      ...{ name: 'llamaguard', version: '1.0.0', capabilities: ['GUARDRAIL'], priority: 65 },
      failureMode: failMode === 'closed' ? 'abort' : 'continue',
      description: 'A model that judges calls and answers of models',
    },
    shutdown: () => service.close(),
    async onLlmPreCall(_model, _messages, { body, operation }) {
      if (onlyMeasures(operation)) return null
      const pieces = safe.unknown(piecesOf(listUserTexts(body), longestPiece))
      const found = await findVerdict(groupPieces(pieces, longestPiece, paragraph), async (group) => {
        const verdict = await judge({ asked: group.join(paragraph), answered: null })
        if (verdict === null) for (const piece of group) safe.add(piece)
        return verdict
      })
      return found === null ? null : { deny: { message: `The request is unsafe: ${found}.` } }
    },
    async onLlmAnswer(_model, { texts }, { body }) {
      const asked = (listUserTexts(body).at(-1) ?? '').slice(-longestQuestion)
      const groups = groupPieces(piecesOf(texts, longestPiece), longestPiece, paragraph)
      const found = await findVerdict(groups, (group) => judge({ asked, answered: group.join(paragraph) }))
      return found === null ? null : { deny: { message: `The answer is unsafe: ${found}.` } }
    },
  }
}

async function ask(
  form: LlamaGuardConfig['form'],
  model: string,
  words: JudgedWords,
  service: GuardService,
): Promise<string> {
  const { asked, answered } = words
  const options = { model, max_tokens: verdictTokens, temperature: 0 }
  if (form === 'completion') {
    const answer = completionAnswer.parse(
      await service.post({ ...options, prompt: writePrompt(model, words) }),
    )
    return 'choices' in answer ? (answer.choices[0]?.text ?? '') : answer.generated_text
  }
  const reply = answered === null ? [] : [{ role: 'assistant', content: answered }]
  const messages = [{ role: 'user', content: asked }, ...reply]
  const answer = chatAnswer.parse(await service.post({ ...options, messages }))
  return answer.choices[0]?.message.content ?? ''
}
