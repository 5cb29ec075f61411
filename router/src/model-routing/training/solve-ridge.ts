import type { Design } from './design.ts'

const maxIterations = 200
const usualTolerance = 1e-6

export interface RidgeProblem {
  readonly design: Design
  /** Rows × outputs; entries without weight are not read. */
  readonly targets: Float64Array
  /** Rows × outputs; null counts every entry once. */
  readonly weights: Float64Array | null
  readonly outputs: number
  readonly alpha: number
  /** Of the residual, as a share of what it begins with; 1e-6 as a rule. */
  readonly tolerance?: number
}

/**
 * Weighted ridge regressions that share one design, (AᵀWA + αI)w = AᵀWy, by conjugate gradients with Jacobi's
 * preconditioner. Columns × outputs. Deterministic.
 */
export function solveRidge(problem: RidgeProblem): Float64Array {
  const { design, outputs, tolerance = usualTolerance } = problem
  const size = design.columns * outputs
  const solution = new Float64Array(size)
  const residual = applyTransposed(problem, problem.targets)
  const preconditioner = invertDiagonal(problem)
  const scaled = residual.map((value, index) => value * (preconditioner[index] as number))
  const direction = scaled.slice()
  let energy = columnDots(residual, scaled, outputs)
  const enough = energy.map((value) => value * tolerance * tolerance)
  for (let iteration = 0; iteration < maxIterations; iteration++) {
    if (energy.every((value, output) => value <= (enough[output] as number))) break
    const image = applyNormal(problem, direction)
    const curvature = columnDots(direction, image, outputs)
    for (let output = 0; output < outputs; output++)
      curvature[output] = quotient(energy[output] as number, curvature[output] as number)
    for (let index = 0; index < size; index++) {
      const step = curvature[index % outputs] as number
      solution[index] = (solution[index] as number) + step * (direction[index] as number)
      const left = (residual[index] as number) - step * (image[index] as number)
      residual[index] = left
      scaled[index] = left * (preconditioner[index] as number)
    }
    const next = columnDots(residual, scaled, outputs)
    for (let index = 0; index < size; index++) {
      const output = index % outputs
      const keep = quotient(next[output] as number, energy[output] as number)
      direction[index] = (scaled[index] as number) + keep * (direction[index] as number)
    }
    energy = next
  }
  return solution
}

function quotient(above: number, below: number): number {
  return below === 0 ? 0 : above / below
}

/** (AᵀWA + αI)v for every output. */
function applyNormal(problem: RidgeProblem, vectors: Float64Array): Float64Array {
  const { design, outputs, alpha } = problem
  const { rows, starts, indices, values } = design
  const images = new Float64Array(rows * outputs)
  for (let row = 0; row < rows; row++) {
    const to = row * outputs
    const end = starts[row + 1] as number
    for (let at = starts[row] as number; at < end; at++) {
      const value = values[at] as number
      const from = (indices[at] as number) * outputs
      for (let output = 0; output < outputs; output++)
        images[to + output] = (images[to + output] as number) + value * (vectors[from + output] as number)
    }
  }
  const result = applyTransposed(problem, images)
  for (let index = 0; index < result.length; index++)
    result[index] = (result[index] as number) + alpha * (vectors[index] as number)
  return result
}

/** AᵀWy for every output. */
function applyTransposed({ design, outputs, weights }: RidgeProblem, targets: Float64Array): Float64Array {
  const { rows, starts, indices, values } = design
  const result = new Float64Array(design.columns * outputs)
  const weighted = new Float64Array(outputs)
  for (let row = 0; row < rows; row++) {
    for (let output = 0; output < outputs; output++) {
      const index = row * outputs + output
      const weight = weights === null ? 1 : (weights[index] as number)
      weighted[output] = weight === 0 ? 0 : weight * (targets[index] as number)
    }
    const end = starts[row + 1] as number
    for (let at = starts[row] as number; at < end; at++) {
      const value = values[at] as number
      const to = (indices[at] as number) * outputs
      for (let output = 0; output < outputs; output++)
        result[to + output] = (result[to + output] as number) + value * (weighted[output] as number)
    }
  }
  return result
}

function invertDiagonal({ design, outputs, weights, alpha }: RidgeProblem): Float64Array {
  const { rows, starts, indices, values } = design
  const diagonal = new Float64Array(design.columns * outputs).fill(alpha)
  for (let row = 0; row < rows; row++) {
    const end = starts[row + 1] as number
    for (let at = starts[row] as number; at < end; at++) {
      const square = (values[at] as number) ** 2
      const to = (indices[at] as number) * outputs
      for (let output = 0; output < outputs; output++) {
        const weight = weights === null ? 1 : (weights[row * outputs + output] as number)
        diagonal[to + output] = (diagonal[to + output] as number) + weight * square
      }
    }
  }
  return diagonal.map((value) => 1 / value)
}

function columnDots(one: Float64Array, other: Float64Array, outputs: number): Float64Array {
  const dots = new Float64Array(outputs)
  for (let index = 0; index < one.length; index++) {
    const output = index % outputs
    dots[output] = (dots[output] as number) + (one[index] as number) * (other[index] as number)
  }
  return dots
}
