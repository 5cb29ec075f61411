import { ClusterNeighbours } from '../scoring/cluster-neighbours.ts'
import { Ensemble } from '../scoring/ensemble.ts'
import type { TrainedBundle } from './trained-bundle.ts'

/** The bundle's model in the form that serves: with its table in place of neighbours. */
export function openEnsemble({ weights, clusters }: Pick<TrainedBundle, 'weights' | 'clusters'>): Ensemble {
  return new Ensemble(weights, new ClusterNeighbours(clusters))
}
