import type { HeadArgs } from '../heads/head.ts'
import { headKinds } from '../heads/head-kinds.ts'
import { HeadedEnsemble } from '../heads/headed-ensemble.ts'
import { ClusterNeighbours } from '../scoring/cluster-neighbours.ts'
import { Ensemble } from '../scoring/ensemble.ts'
import type { TrainedBundle } from './trained-bundle.ts'

type EnsembleParts = Pick<TrainedBundle, 'weights' | 'clusters'>

/** The bundle's model in the form that serves: with its table in place of neighbours. */
export function openEnsemble({ weights, clusters }: EnsembleParts): Ensemble {
  return new Ensemble(weights, new ClusterNeighbours(clusters))
}

/** One of the bundle's other strategies. Errors: throws when the bundle lacks it, or what is wrong with an argument. */
export function openHead(
  bundle: EnsembleParts & Pick<TrainedBundle, 'heads'>,
  strategy: string,
  args: HeadArgs = {},
): HeadedEnsemble {
  const kind = headKinds.get(strategy)
  const trained = bundle.heads.get(strategy)
  if (kind === undefined || trained === undefined) throw new Error(`the bundle has no ${strategy}`)
  return new HeadedEnsemble(openEnsemble(bundle), kind.open(trained.weights, bundle.weights, args))
}
