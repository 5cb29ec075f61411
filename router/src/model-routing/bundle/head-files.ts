import type { HeadWeights } from '../heads/head.ts'
import { canonicalJson } from './canonical-json.ts'
import { decodeMatrix, encodeMatrix } from './matrix.ts'

const mostTensors = 32
const mostSides = 3

/** The file of a strategy's own part of a bundle. */
export function headFileName(strategy: string): string {
  return `${strategy}.json`
}

export function encodeHead(weights: HeadWeights): string {
  return canonicalJson(
    Object.fromEntries(
      Object.entries(weights).map(([name, { shape, values }]) => [name, encodeMatrix(values, shape)]),
    ),
  )
}

/** Errors: throws what is no matrix of finite numbers; whether shapes fit the strategy shows when it is opened. */
export function decodeHead(text: string): HeadWeights {
  const matrices = Object.entries(JSON.parse(text) as Record<string, unknown>)
  if (matrices.length > mostTensors) throw new Error(`a strategy has at most ${mostTensors} matrices`)
  return Object.fromEntries(
    matrices.map(([name, matrix]) => {
      const { shape } = (matrix ?? {}) as { shape?: unknown }
      const isSound =
        Array.isArray(shape) &&
        shape.length <= mostSides &&
        shape.every((side) => Number.isInteger(side) && side >= 0)
      if (!isSound) throw new Error(`${name} has no shape`)
      return [name, { shape: shape as number[], values: decodeMatrix(matrix, shape as number[], name) }]
    }),
  )
}
