import { describe, expect, it } from 'vitest'
import { createRandom } from '../make-skill.fixture.ts'
import { tokenise } from './tokenise.ts'
import { WordBuffer } from './word-buffer.ts'

describe('tokenise', () => {
  it.each([
    ['getPostmodernTheory', 'get postmodern theory'],
    ['snake_case-and.dots/HTTPServer2Go', 'snake case and dots http server2 go'],
    ['base64Encode mp3 K8s', 'base64 encode mp3 k8s'],
    ['PDF', 'pdf'],
    ["it's 3,5 €", 'it s 3 5'],
    ['Überweisung ÜBERWEISUNG', 'überweisung überweisung'],
    ['getÜbersichtListe', 'get übersicht liste'],
    ['ｆｕｌｌ　ｗｉｄｔｈ ﬁle', 'full width file'],
    ['天気予報 weather', '天気 気予 予報 weather'],
    ['東 x', '東 x'],
    ['pdfを読む', 'pdf を読 読む'],
    ['погода в Москве', 'погода в москве'],
    ['zero\u200bwidth so\u00adft', 'zerowidth soft'],
    ['🎉🎉 party 🎉', 'party'],
    ['किताब', 'किताब'],
    ['', ''],
    ['  \n\t ', ''],
  ])('%j', (text, expected) => {
    expect(tokenise(text).join(' ')).toBe(expected)
  })

  it('cuts a word after 40 characters, on both paths', () => {
    expect(tokenise('x'.repeat(100_000))).toEqual(['x'.repeat(40)])
    expect(tokenise(`${'y'.repeat(90)} é`)).toEqual(['y'.repeat(40), 'é'])
  })

  it('reads what follows words that are longer than they were written', () => {
    const words = Array.from({ length: 60 }, (_, index) => `weather${index}`)
    const buffer = new WordBuffer()
    buffer.read(`${'天気予報'.repeat(100)} ${words.join(' ')}`)
    const read = Array.from({ length: buffer.count }, (_, index) => buffer.wordAt(index))
    expect(read.slice(-60)).toEqual(words)
  })

  it('reads ASCII the same on its fast path as on the general one', () => {
    const random = createRandom(3)
    const characters = 'abCDe1 _-.X9z'
    for (let round = 0; round < 500; round++) {
      const text = Array.from(
        { length: 24 },
        () => characters[Math.floor(random() * characters.length)],
      ).join('')
      expect(tokenise(`${text} é`).slice(0, -1), text).toEqual(tokenise(text))
    }
  })

  it('reads emoji the same on its fast path as on the general one', () => {
    const random = createRandom(4)
    const characters = ['a', 'b', 'C', 'D', '1', '-', '📖', '🚀', '🏽', '🪐', '🌀']
    for (let round = 0; round < 500; round++) {
      const text = Array.from({ length: 9 }, () => characters[Math.floor(random() * characters.length)]).join(
        '',
      )
      expect(tokenise(`${text}\u200b`), text).toEqual(tokenise(text))
    }
    expect(tokenise('a📖b\ud83d c')).toEqual(['a', 'b', 'c'])
    expect(tokenise('x🀄y🇦z')).toEqual(['x', 'y', 'z'])
  })

  it('reads a word of another script the same wherever it stands', () => {
    expect(tokenise('foo-bär2Baz qux')).toEqual(['foo', 'bär2', 'baz', 'qux'])
    expect(tokenise('a b-c näh d')).toEqual(['a', 'b', 'c', 'näh', 'd'])
    expect(tokenise('käse\tbrot')).toEqual(['käse', 'brot'])
  })

  it.each([
    ['ДобрыйДень МИРЫ2Мир', 'добрый день миры2 мир'],
    ['한글ABC테스트', '한글abc테스트'],
    ['レベル1の、天気', 'レベ ベル 1 の 天気'],
    ['ΣΑΣ', 'σας'],
    ['é①ⓐ', 'é1a'],
    ['cafe\u0301Über', 'café über'],
    ['İx', 'i\u0307x'],
  ])('reads letters of any script, %j', (text, expected) => {
    expect(tokenise(text).join(' ')).toBe(expected)
  })

  it('makes nothing new of its own words', () => {
    const words = tokenise('Fetch ÄNDERUNGEN fromHTTPServer, 天気 & fooBar9Baz')
    expect(words.flatMap(tokenise)).toEqual(words)
  })
})
