import { readFileSync } from 'node:fs'
import { StaticEmbedder } from '@routeiq/router'
import { beforeAll, describe, expect, it } from 'vitest'
import { comparableWords } from './comparable-words.ts'
import { SimilarQuestions } from './similar-questions.ts'

let embedder: StaticEmbedder
beforeAll(() => {
  embedder = new StaticEmbedder(
    readFileSync(new URL('../../../router/embedding/skill-embedding.bin', import.meta.url)),
  )
})
/** How similar `asked` is to `known`, as far as it may have the same answer; null where it may not. */
function compare(known: string, asked: string, threshold = 0.95): number | null {
  const questions = new SimilarQuestions(() => embedder)
  const question = questions.read('g', known)
  if (question !== null) questions.keep(question, 'k')
  const found = questions.read('g', asked)
  return found === null ? null : (questions.find(found, threshold)[0]?.similarity ?? null)
}

describe('questions that mean the same', () => {
  it.each([
    ['How do I reset my password?', 'How can I reset my password'],
    [
      'Can you explain how photosynthesis works in plants?',
      'Please explain how photosynthesis works in plants!',
    ],
    ['Write a poem about the sea', 'write me a poem about the sea.'],
    ['Please summarise the theory of relativity', 'Summarise the theory of relativity, please'],
    ['What are your opening hours in 2024?', 'What are the opening hours in 2024'.replace('the', 'your')],
  ])('%j and %j', (known, asked) => {
    expect(compare(known, asked)).toBeGreaterThanOrEqual(0.95)
  })

  it('in words that are near where that is enough', () => {
    expect(compare('Write a poem about the sea', 'Write a poem about the ocean')).toBeNull()
    expect(compare('Write a poem about the sea', 'Write a poem about the ocean', 0.7)).toBeCloseTo(0.94, 1)
    expect(compare('What is the capital of France?', "what's the capital of France", 0.8)).toBeGreaterThan(
      0.8,
    )
  })
})

describe('questions that only sound the same', () => {
  it.each([
    ['What is 17 times 23?', 'What is 18 times 24?'],
    ['Why does the server return error E1234?', 'Why does the server return error E9876?'],
    ['Is Alice taller than Bob?', 'Is Bob taller than Alice?'],
    ['Translate this from French to English: bonjour', 'Translate this from English to French: bonjour'],
    ['Which foods are safe for dogs?', 'Which foods are not safe for dogs?'],
    ['How do I reverse a list in C++?', 'How do I reverse a list in C#?'],
    ['What is 1.5 plus 2?', 'What is 15 plus 2?'],
    ['What is 5 - 2?', 'What is 5 + 2?'],
    ['Wat is ตัวอย่าง in English?', 'Wat is ภาษาไทย in English?'],
    [
      'What are your opening hours at the branch in the centre on Monday?',
      'What are your opening hours at the branch in the centre on Tuesday?',
    ],
    ['Who was president of the country then?', 'Who is president of the country then?'],
  ])('%j and %j', (known, asked) => {
    expect(compare(known, asked)).toBeNull()
  })

  it('a long text does not hide a word that is another', () => {
    const text = (column: string): string =>
      `Write a function in Python that reads a file of comma separated values, checks that every row has a name, a price and a date, and returns the rows sorted by the ${column} column in ascending order.`
    expect(compare(text('price'), text('price'))).toBe(1)
    expect(compare(text('price'), text('date'))).toBeNull()
    expect(compare('word '.repeat(300), 'word '.repeat(300))).toBeNull()
  })
})

describe('what is remembered', () => {
  it('is found in its own group alone, until it is forgotten', () => {
    const questions = new SimilarQuestions(() => embedder)
    const [ours, theirs] = ['a', 'b'].map((group) => questions.read(group, 'How do I reset my password?'))
    if (ours == null || theirs == null) throw new Error('it can be read')
    questions.keep(ours, 'k')
    expect(questions.find(theirs, 0.5)).toEqual([])
    expect(questions.find(ours, 0.5)).toEqual([{ key: 'k', similarity: 1 }])
    questions.forget('k')
    expect(questions.find(ours, 0.5)).toEqual([])
    expect(questions.size).toBe(0)
  })

  it('is no more than there is room for: the oldest go', () => {
    const questions = new SimilarQuestions(() => embedder, 3)
    const ask = (name: string) => questions.read('g', `What is the meaning of ${name}?`)
    for (const name of ['life', 'love', 'music', 'work', 'money']) {
      const question = ask(name)
      if (question !== null) questions.keep(question, name)
    }
    expect(questions.size).toBe(3)
    const found = ['life', 'love', 'music', 'work', 'money'].map((name) => {
      const question = ask(name)
      return question === null ? null : (questions.find(question, 0.99)[0]?.key ?? null)
    })
    expect(found).toEqual([null, null, 'music', 'work', 'money'])
  })
})

it('words that are compared are those an answer depends on', () => {
  expect(comparableWords('Hi, could you please tell me: what’s C++ 1.5, really?')).toEqual([
    ...['tell', 'what', 'is', 'c', '+', '+', '1.5'],
  ])
})
