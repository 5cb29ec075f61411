import { readFileSync } from 'node:fs'
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { estimateText } from './estimate-text.ts'

const fromRepository = (path: string): string =>
  readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')

const samples: Readonly<Record<string, string>> = {
  'English prose': fromRepository('LICENSE'),
  Markdown: fromRepository('README.md'),
  TypeScript: fromRepository('gateway/src/tokens/estimate-text.ts'),
  SQL: fromRepository('gateway/migrations/0001_keys_and_spend.sql'),
  JSON: fromRepository('gateway/src/providers/openai/fixtures/long.json'),
  'event stream': fromRepository('gateway/src/providers/openai/fixtures/parallel-tools.sse'),
  German:
    'Die Bundesregierung hat am Mittwoch beschlossen, die Förderung erneuerbarer Energien zu überarbeiten. Künftig sollen Ausschreibungen häufiger stattfinden, damit Unternehmen schneller planen können.',
  French:
    "Le gouvernement a annoncé mercredi une réforme profonde de l'aide aux énergies renouvelables, afin que les entreprises puissent planifier plus sereinement.",
  Russian:
    'Правительство объявило в среду о глубокой реформе поддержки возобновляемых источников энергии, чтобы компании могли увереннее планировать свою работу.',
  Greek:
    'Η κυβέρνηση ανακοίνωσε την Τετάρτη μια βαθιά μεταρρύθμιση της στήριξης των ανανεώσιμων πηγών ενέργειας.',
  Chinese: '政府周三宣布对可再生能源补贴进行深入改革。今后招标将更加频繁，以便企业能够更快地获得规划保障。',
  Japanese:
    '政府は水曜日、再生可能エネルギーへの支援を抜本的に見直すと発表した。今後は入札がより頻繁に行われる。',
  Korean:
    '정부는 수요일 재생 가능 에너지 지원을 근본적으로 개혁하겠다고 발표했다. 앞으로 입찰이 더 자주 열린다.',
  Arabic: 'أعلنت الحكومة يوم الأربعاء عن إصلاح عميق لدعم الطاقات المتجددة حتى تتمكن الشركات من التخطيط.',
  Hindi: 'सरकार ने बुधवार को नवीकरणीय ऊर्जा के समर्थन में गहरे सुधार की घोषणा की।',
  emoji: 'Great job! 🎉🎉👏🏽 See you 👩‍👩‍👧 tomorrow 😀',
  numbers: Array.from({ length: 200 }, (_, index) => (index * 12_345.678).toFixed(3)).join(', '),
}

/** What cannot be told from words: no vowels, mixed case. An estimate may be lower here, but not by much. */
const noise: Readonly<Record<string, string>> = {
  base64: Buffer.from(Array.from({ length: 600 }, (_, index) => (index * 7919) % 251)).toString('base64'),
  hexadecimal: Buffer.from(Array.from({ length: 300 }, (_, index) => (index * 7919) % 251)).toString('hex'),
}

const namesOf = (texts: Readonly<Record<string, string>>) =>
  Object.entries(texts).map(([name, text]) => ({ name, text }))

describe('estimateText', () => {
  it.each(namesOf(samples))(
    'is at most a twentieth under and two thirds over the real count of $name',
    ({ text }) => {
      const ratio = estimateText(text) / countTokens(text)
      expect(ratio).toBeGreaterThan(0.95)
      expect(ratio).toBeLessThan(1.67)
    },
  )

  it.each(namesOf(noise))('stays near the real count of $name', ({ text }) => {
    const ratio = estimateText(text) / countTokens(text)
    expect(ratio).toBeGreaterThan(0.75)
    expect(ratio).toBeLessThan(1.5)
  })

  it('counts nothing in nothing, and something in anything', () => {
    expect(estimateText('')).toBe(0)
    for (const text of ['a', ' ', '\n', '7', '.', 'é', '漢', '\ud800']) {
      expect(estimateText(text), text).toBeGreaterThan(0)
      expect(estimateText(text), text).toBeLessThan(3)
    }
  })

  it('does not shrink when a text grows', () => {
    const text = samples['TypeScript'] ?? ''
    let last = 0
    for (let length = 0; length < 2000; length += 37) {
      const tokens = estimateText(text.slice(0, length))
      expect(tokens).toBeGreaterThanOrEqual(last)
      last = tokens
    }
  })
})
