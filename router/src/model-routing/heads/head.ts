import type { Point } from '../features/feature-space.ts'
import type { EnsembleOutput, EnsembleWeights } from '../scoring/ensemble.ts'
import type { Probes } from '../training/probe-column.ts'
import type { TrainingSet } from '../training/training-set.ts'

/** Trained numbers with their shape; as they are kept, so that what was trained is what serves. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly values: Float32Array
}

/** Everything a head learned, by name. */
export type HeadWeights = Readonly<Record<string, Tensor>>

/** Arguments of a strategy, as configured. */
export type HeadArgs = Readonly<Record<string, unknown>>

interface TrainHeadOptions {
  readonly seed: number
  readonly args: HeadArgs
}

/** A trained way to estimate the quality of every model of a bundle. It has its own buffers: one per thread. */
export interface Head {
  /**
   * Fills `quality`, by model. `base` is what the shared part of the bundle says of the same ask, `team` who asks: no bundle knows
   * teams, but what is lived since may.
   */
  estimate(point: Point, base: EnsembleOutput, quality: Float64Array, team: string | null): void
  /** Begins anew from training and adds what was lived since, newest first; absent in heads that learn nothing live. */
  learn?(outcomes: readonly LivedOutcome[]): void
  /** The λ that goes with its estimates, where they count money already; absent where the profile says. */
  readonly lambda?: number
}

/** How an answer to one ask turned out. */
export interface LivedOutcome {
  readonly point: Point
  /** Column of the model that answered. */
  readonly model: number
  /** Whose ask it was; null where nobody's. */
  readonly team: string | null
  readonly weight: number
  /** 0 to 1. */
  readonly score: number
}

/**
 * A strategy that learns from outcomes. Feature space, domains, costs and novelty belong to the bundle and are the same for all;
 * a head only estimates quality, and the one rule of decisions does the rest.
 */
export interface HeadKind {
  readonly strategy: string
  /** Deterministic: the same rows, seed and arguments give the same numbers. */
  train(set: TrainingSet, options: TrainHeadOptions): HeadWeights
  /** Arguments of serving, where there is nothing to open yet. Errors: throws what is wrong with one. */
  check?(args: HeadArgs): void
  /** The same with a model more, from what it made of some asks; absent where that takes training anew. */
  addModel?(weights: HeadWeights, core: EnsembleWeights, probes: Probes): HeadWeights
  /** Errors: throws what does not fit together, or what is wrong with an argument. */
  open(weights: HeadWeights, core: EnsembleWeights, args: HeadArgs): Head
}

export function tensor(shape: readonly number[], values: ArrayLike<number>): Tensor {
  return { shape, values: Float32Array.from(values) }
}

/** The tensor of that name. -1 takes any length. Errors: throws when it is missing or of another shape. */
export function takeTensor(weights: HeadWeights, name: string, shape: readonly number[]): Tensor {
  const found = weights[name]
  const fits =
    found !== undefined &&
    found.shape.length === shape.length &&
    shape.every((side, at) => side === -1 || side === found.shape[at])
  if (!fits) throw new Error(`${name} is not a matrix of ${shape.join(' × ').replaceAll('-1', 'any')}`)
  return found
}

/** A number among the arguments. Errors: throws with the name when it is none, or out of bounds. */
export function readArgument(
  args: HeadArgs,
  name: string,
  standard: number,
  [least, most]: readonly [number, number],
): number {
  const value = args[name] ?? standard
  if (typeof value === 'number' && value >= least && value <= most) return value
  throw new Error(`${name} must be a number from ${least} to ${most}`)
}

/** One of several words among the arguments. Errors: throws with the name and the words. */
export function readWord<Word extends string>(
  args: HeadArgs,
  name: string,
  words: readonly [Word, ...Word[]],
): Word {
  const value = args[name] ?? words[0]
  const known = words.find((word) => word === value)
  if (known !== undefined) return known
  throw new Error(`${name} must be one of ${words.join(', ')}`)
}

export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value))
}
