import { describe, expect, it } from 'vitest'
import { toMenuEntry } from './menu-entry.ts'
import {
  renderMenuFragment,
  renderMenuRow,
  renderMenuTable,
  renderRankedFragment,
  renderRoutingHint,
} from './prompt-fragment.ts'

const skill = (name: string, description: string, relevance = 0) => ({
  ...toMenuEntry({ skillId: name, name, description }),
  relevance,
})
const instruction =
  'If one of the skills above fits the request, apply its instructions and give the user a direct, complete answer; never reply only by naming a skill.'

// Golden: prompts are evaluated with these bytes.
describe('prompt_fragment', () => {
  it('lists what was ranked, with percentages', () => {
    const rows = [skill('refunds', 'Refund an order.', 0.934), skill('acme/tax', 'Tax rules.', 0.255)]
    expect(renderRankedFragment(rows)).toBe(
      '## Recommended Skills\n' +
        '\n' +
        '| Skill | Description | Relevance |\n' +
        '|-------|-------------|-----------|\n' +
        '| refunds | Refund an order. | 93% |\n' +
        '| acme/tax | Tax rules. | 26% |\n' +
        '\n' +
        `${instruction}\n`,
    )
  })

  it('lists a menu', () => {
    const rows = [skill('refunds', 'Refund an order.'), skill('tax', 'Tax rules.')].map(renderMenuRow)
    expect(renderMenuFragment(renderMenuTable(rows.join('')))).toBe(
      '## Available Skills\n' +
        '\n' +
        '| Skill | Description |\n' +
        '|-------|-------------|\n' +
        '| refunds | Refund an order. |\n' +
        '| tax | Tax rules. |\n' +
        '\n' +
        `${instruction}\n`,
    )
  })

  it('is empty without skills', () => {
    expect(renderRankedFragment([])).toBe('')
    expect(renderMenuFragment(renderMenuTable(''))).toBe('')
  })

  it('never lets the percentages rise', () => {
    const rows = [0.5, 0.8, 0.3, 0.31, 0].map((relevance, index) => skill(`s${index}`, 'd', relevance))
    expect(renderRankedFragment(rows).match(/\d+%/g)).toEqual(['50%', '50%', '30%', '30%', '0%'])
  })

  it.each([
    ['a | b', 'a \\| b'],
    ['a \\| b', 'a \\\\\\| b'],
    ['one\r\n\ttwo   three ', 'one two three'],
    ['in\u200bvis\u2060ible \u202eorder\u0000 \u{e0041}tag', 'invisible order tag'],
    ['a \u200b b', 'a b'],
    ['half \ud83d pair', 'half pair'],
    ['x'.repeat(500), 'x'.repeat(500)],
    ['x'.repeat(501), `${'x'.repeat(499)}…`],
    [`${'x'.repeat(498)}😀😀`, `${'x'.repeat(498)}…`],
  ])('makes a cell of %j', (description, cell) => {
    expect(renderMenuRow(skill('s', description))).toBe(`| s | ${cell} |\n`)
  })
})

describe('routing_hint', () => {
  it('names the best, or nothing', () => {
    expect(renderRoutingHint(['refunds', 'acme/tax'])).toBe(
      'Best matches for this request: refunds, acme/tax.',
    )
    expect(renderRoutingHint([])).toBe('')
  })
})
