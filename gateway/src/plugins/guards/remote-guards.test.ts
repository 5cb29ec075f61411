import { describe, expect, it, vi } from 'vitest'
import { readGuardrailAnswer } from './bedrock-guardrail-answer.ts'
import { mapUserTexts } from './call-text.ts'
import { cutText, groupPieces, piecesOf } from './cut-text.ts'
import { findVerdict } from './guard-service.ts'
import { GuardrailLook } from './guardrail-look.ts'
import { readVerdict, writePrompt } from './llama-guard-prompt.ts'
import { SafeTexts } from './safe-texts.ts'

describe('the prompt of Llama Guard', () => {
  const question = { asked: 'Hi', answered: null }
  it.each([
    ['meta-llama/LlamaGuard-7b', /^\[INST\] Task.*'User'[\s\S]*O6: Self-Harm\.\n<END/],
    ['meta-llama/Meta-Llama-Guard-2-8B', /^<\|start_header_id\|>[\s\S]*S11: Sexual Content\.\n<END/],
    ['llama-guard3:8b', /^<\|start_header_id\|>[\s\S]*S14: Code Interpreter Abuse\.\n<END/],
    ['meta-llama/Llama-Guard-4-12B', /^<\|header_start\|>[\s\S]*S14: [\s\S]*<\|eot\|>/],
    ['our-judge', /S14: Code/],
  ])('is that of the generation of %s', (model, form) => {
    expect(writePrompt(model, question)).toMatch(form)
  })

  it('judges the last turn', () => {
    const prompt = writePrompt('Llama-Guard-3-8B', { asked: 'Hi', answered: 'Hello' })
    expect(prompt).toContain('User: Hi\n\nAgent: Hello\n\n<END CONVERSATION>')
    expect(prompt).toContain('ONLY THE LAST Agent message')
  })

  it.each([
    ['safe', null],
    ['\n\nSafe\n', null],
    ['unsafe\nS1,S13', 'S1 Violent Crimes, S13 Elections'],
    ['unsafe\nS99', 'S99'],
    [' unsafe', 'no category'],
  ])('is answered by %j', (text, found) => {
    expect(readVerdict('Llama-Guard-3-8B', text)).toBe(found)
  })

  it('is not answered by anything else', () => {
    for (const text of ['', 'unsafely', 'I am safe', '{"safe":true}'])
      expect(() => readVerdict('Llama-Guard-3-8B', text)).toThrow('neither safe nor unsafe')
  })
})

describe('an answer of ApplyGuardrail', () => {
  const intervened = (assessments: object[], outputs: object[] = [{ text: 'out' }]) =>
    readGuardrailAnswer({ action: 'GUARDRAIL_INTERVENED', outputs, assessments })
  const pii = (...actions: string[]) => ({
    sensitiveInformationPolicy: { piiEntities: actions.map((action) => ({ type: 'EMAIL', action })) },
  })

  it('passes, masks or blocks', () => {
    expect(readGuardrailAnswer({ action: 'NONE' })).toEqual({ kind: 'pass' })
    expect(intervened([pii('ANONYMIZED', 'NONE')])).toEqual({ kind: 'mask', text: 'out' })
    expect(intervened([pii('ANONYMIZED', 'BLOCKED')])).toEqual({
      ...{ kind: 'block', message: 'out', policies: 'sensitiveInformationPolicy EMAIL' },
    })
  })

  it('blocks where nothing says that it only masks', () => {
    for (const assessments of [
      [],
      [{}],
      [pii()],
      [pii('NONE')],
      [pii('TRANSLATED')],
      [{ newPolicy: { found: true } }],
    ])
      expect(intervened(assessments)).toMatchObject({ kind: 'block' })
    expect(intervened([pii('ANONYMIZED')], [])).toMatchObject({ kind: 'block' })
  })

  it('is none without an action it knows', () => {
    for (const value of [null, {}, { action: 'ALLOW' }]) expect(() => readGuardrailAnswer(value)).toThrow()
  })
})

describe('pieces of texts', () => {
  it('make up the text again, cut behind white space', () => {
    for (const text of [
      '',
      'short',
      'word '.repeat(100),
      'x'.repeat(95),
      '😀'.repeat(50),
      'line\n'.repeat(30),
    ]) {
      const pieces = cutText(text, 21)
      expect(pieces.join('')).toBe(text)
      for (const piece of pieces) expect(piece.length).toBeLessThanOrEqual(21)
    }
    expect(cutText('aaaaaaaaa bbbb', 10)).toEqual(['aaaaaaaaa ', 'bbbb'])
    expect(cutText('😀😀', 3)).toEqual(['😀', '😀'])
  })

  it('are asked about in groups, which are not more than anybody would ask about', () => {
    expect(piecesOf(['a', ' \n', 'b'], 10)).toEqual(['a', 'b'])
    expect(groupPieces(['aaaa', 'bbbb', 'c', 'dddddddddd', 'e'], 10, '--')).toEqual([
      ['aaaa', 'bbbb'],
      ['c'],
      ['dddddddddd'],
      ['e'],
    ])
    expect(groupPieces([], 10, '')).toEqual([])
    const pieces = piecesOf(['a'.repeat(650)], 10)
    expect(() => groupPieces(pieces, 10, '')).toThrow('more than 64 times 10 characters')
  })
})

describe('findVerdict', () => {
  it('asks four at once until there is a verdict', async () => {
    const ask = vi.fn(async (item: number) => (item === 2 ? 'bad' : null))
    expect(await findVerdict([1, 2, 3, 4, 5, 6, 7, 8, 9], ask)).toBe('bad')
    expect(ask.mock.calls.length).toBeLessThan(9)
    expect(await findVerdict([1, 3], ask)).toBeNull()
  })

  it('has a verdict in spite of a failure, else the failure', async () => {
    const ask = async (item: string): Promise<string | null> => {
      if (item === 'broken') throw new Error('no answer')
      return item === 'bad' ? 'bad' : null
    }
    expect(await findVerdict(['broken', 'good', 'bad'], ask)).toBe('bad')
    await expect(findVerdict(['good', 'broken'], ask)).rejects.toThrow('no answer')
  })
})

it('what was masked together is taken apart again, or looked at for itself', async () => {
  const mask = (text: string) => ({
    ...{ action: 'GUARDRAIL_INTERVENED', outputs: [{ text }] },
    assessments: [{ sensitiveInformationPolicy: { piiEntities: [{ type: 'NAME', action: 'ANONYMIZED' }] } }],
  })
  const post = vi.fn(async (body: object) => {
    const [{ text } = { text: { text: '' } }] = (body as { content: { text: { text: string } }[] }).content
    // Of three texts it joins what it was given.
    const masked = text.text.replaceAll('Ann', '{NAME}')
    return mask(masked.split('\u2028').length === 3 ? masked.replaceAll('\u2028', '') : masked)
  })
  const service = { post, close: async () => {} }
  const look = new GuardrailLook('INPUT', service, new SafeTexts())
  expect(await look.at(['I am Ann', 'Ann!'])).toBeNull()
  expect(post).toHaveBeenCalledTimes(1)
  expect(['I am Ann', 'Ann!', 'Bob'].map(look.mask)).toEqual(['I am {NAME}', '{NAME}!', 'Bob'])
  const other = new GuardrailLook('INPUT', service, new SafeTexts())
  expect(await other.at(['Ann', 'Bob and Ann', 'Ann or Eve'])).toBeNull()
  expect(post).toHaveBeenCalledTimes(5)
  expect(['Ann', 'Bob and Ann', 'Ann or Eve'].map(other.mask)).toEqual([
    ...['{NAME}', 'Bob and {NAME}', '{NAME} or Eve'],
  ])
})

it('texts found safe are forgotten, the oldest first', () => {
  const safe = new SafeTexts()
  safe.add('first')
  expect(safe.unknown(['first', 'other', 'other'])).toEqual(['other'])
  for (let at = 0; at < 10_000; at += 1) safe.add(`text ${at}`)
  expect(safe.unknown(['first', 'text 0'])).toEqual(['first'])
})

it('only what users and tools wrote is changed', () => {
  const messages = ['system', 'user', 'assistant', 'tool'].map((role) => ({ role, content: 'Ann' }))
  const hide = (text: string): string => text.replaceAll('Ann', '{NAME}')
  expect(mapUserTexts({ messages, model: 'Ann' }, hide)).toEqual({
    messages: [
      { role: 'system', content: 'Ann' },
      { role: 'user', content: '{NAME}' },
      { role: 'assistant', content: 'Ann' },
      { role: 'tool', content: '{NAME}' },
    ],
  })
  expect(mapUserTexts({ prompt: 'Ann', input: 'Bob' }, hide)).toEqual({ prompt: '{NAME}' })
  expect(mapUserTexts({ input: { role: 'system', content: 'Ann' } }, hide)).toEqual({})
})
