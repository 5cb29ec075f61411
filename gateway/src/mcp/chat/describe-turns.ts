import { formatUsd } from '../../pipeline/response-headers.ts'
import { parsePico } from '../../pricing/parse-pico.ts'

const costHeader = 'x-litellm-response-cost'

/**
 * The head lines of an answer that took several turns: those of the request itself, those of the last turn that the request does not
 * have (which deployment answered, above all), and what all turns cost.
 */
export function describeTurns(own: string, turns: readonly string[]): string {
  const isOwn = new Set(readLines(own).map(([name]) => name))
  const last = readLines(turns.at(-1) ?? '').filter(
    ([name]) => name.startsWith('x-') && !name.startsWith(costHeader) && !isOwn.has(name),
  )
  const costs = turns.flatMap((lines) => {
    const cost = parsePico(new Map(readLines(lines)).get(costHeader))
    return cost === null ? [] : [cost]
  })
  const total = costs.reduce((sum, cost) => sum + cost, 0n)
  const added = last.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return own + added + (costs.length === 0 ? '' : `${costHeader}: ${formatUsd(total)}\r\n`)
}

function readLines(lines: string): (readonly [name: string, value: string])[] {
  return lines
    .split('\r\n')
    .filter((line) => line !== '')
    .map((line) => {
      const end = line.indexOf(':')
      return [line.slice(0, end).toLowerCase(), line.slice(end + 1).trim()] as const
    })
}
