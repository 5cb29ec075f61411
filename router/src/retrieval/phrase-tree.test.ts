import { describe, expect, it } from 'vitest'
import { createRandom } from './make-skill.fixture.ts'
import { PhraseTree } from './phrase-tree.ts'

const walk = (tree: PhraseTree, stems: readonly number[]): number =>
  stems.reduce((node, stem) => (node < 0 ? node : tree.findChild(node, stem)), tree.root)

describe('PhraseTree', () => {
  it('holds what a map of lists holds, in the order it came', () => {
    const random = createRandom(7)
    const tree = new PhraseTree()
    const expected = new Map<string, number[]>()
    const held: { readonly key: string; readonly node: number; readonly slot: number }[] = []
    for (let slot = 0; slot < 6_000; slot++) {
      const stems = Array.from({ length: 1 + Math.floor(3 * random()) }, () => Math.floor(20 * random()))
      const node = tree.add(Int32Array.from(stems), slot)
      const key = stems.join(' ')
      expected.set(key, [...(expected.get(key) ?? []), slot])
      held.push({ key, node, slot })
      if (random() > 0.4) continue
      const [gone] = held.splice(Math.floor(random() * held.length), 1)
      if (gone === undefined) continue
      tree.remove(gone.node, gone.slot)
      const left = (expected.get(gone.key) ?? []).filter((other) => other !== gone.slot)
      expected.set(gone.key, left)
    }
    for (const [key, slots] of expected) {
      const node = walk(tree, key.split(' ').map(Number))
      expect(tree.slotsOf(node)).toEqual(slots)
      expect(tree.isHeld(node)).toBe(slots.length > 0)
    }
  })

  it('takes a slot once that says the same twice', () => {
    const tree = new PhraseTree()
    const phrase = Int32Array.of(3, 4)
    expect(tree.add(phrase, 9)).toBe(tree.add(phrase, 9))
    tree.add(phrase, 11)
    expect(tree.slotsOf(walk(tree, [3, 4]))).toEqual([9, 11])
    expect(walk(tree, [4])).toBe(-1)
    expect(walk(tree, [3, 4, -1])).toBe(-1)
  })
})
