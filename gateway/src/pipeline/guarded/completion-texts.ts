import {
  type JsonRecord,
  parseJson,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import { dataOf, splitEvents } from '../../protocols/event-text.ts'
import type { AnswerTexts } from './answer-texts.ts'

/** A text completion, whose choices stand beside each other and have one text each. */
export function readCompletion(isStream: boolean, text: string): AnswerTexts | null {
  const chunks = isStream ? readChunks(text) : [parseJson(text)]
  const answers = chunks.map(readRecord)
  if (answers.includes(null)) return null
  const choices = (answers as readonly JsonRecord[]).flatMap(({ choices: list }) => readRecords(list))
  // Words elsewhere would not be seen.
  if (choices.some((choice) => typeof choice['text'] !== 'string')) return null
  const byIndex = new Map<unknown, string>()
  for (const { index, text: piece } of choices)
    byIndex.set(index, (byIndex.get(index) ?? '') + (readText(piece) ?? ''))
  const indexes = [...byIndex.keys()]
  return {
    texts: [...byIndex.values()],
    write: (texts) => {
      const given = new Map(indexes.map((index, at) => [index, texts[at] ?? '']))
      const changed = answers.map((answer) => JSON.stringify(replaceTexts(answer ?? {}, given)))
      return isStream
        ? { isStream, body: Buffer.from([...changed, '[DONE]'].map((data) => `data: ${data}\n\n`).join('')) }
        : { body: Buffer.from(changed.join('')) }
    },
  }
}

function readChunks(text: string): readonly unknown[] {
  return [...splitEvents(text)].flatMap((event) => {
    const data = dataOf(event)
    return data === null || data === '[DONE]' ? [] : [parseJson(data)]
  })
}

/** The first piece of a choice gets its whole text. Probabilities repeat the words and go. */
function replaceTexts(answer: JsonRecord, given: Map<unknown, string>): JsonRecord {
  const choices = readRecords(answer['choices']).map((choice) => {
    const text = given.get(choice['index']) ?? ''
    given.set(choice['index'], '')
    return { ...choice, text, logprobs: null }
  })
  return { ...answer, choices }
}
