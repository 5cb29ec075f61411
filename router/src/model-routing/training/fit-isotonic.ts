import type { Breakpoints } from '../scoring/breakpoints.ts'

/** Fewer rows make no point of their own. */
const rowsPerPoint = 20

/** Isotonic regression by pooling adjacent violators (Ayer et al., 1955), as points at the middle of each block. */
export function fitIsotonic(predicted: readonly number[], real: readonly number[]): Breakpoints {
  const order = predicted.map((_, at) => at)
  order.sort((left, right) => (predicted[left] as number) - (predicted[right] as number) || left - right)
  const blocks: { rows: number; x: number; y: number }[] = []
  for (const at of order) {
    let block = { rows: 1, x: predicted[at] as number, y: real[at] as number }
    for (;;) {
      const before = blocks.at(-1)
      const isTooSmall = before !== undefined && before.rows < rowsPerPoint
      if (before === undefined || !(isTooSmall || before.y / before.rows >= block.y / block.rows)) break
      blocks.pop()
      block = { rows: before.rows + block.rows, x: before.x + block.x, y: before.y + block.y }
    }
    blocks.push(block)
  }
  return { x: blocks.map(({ x, rows }) => x / rows), y: blocks.map(({ y, rows }) => y / rows) }
}
