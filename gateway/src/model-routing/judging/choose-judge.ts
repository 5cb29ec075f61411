import { modelFamilyOf } from '@routeiq/router'

/** A model as it is called here, and as its provider calls it. */
export interface NamedModel {
  readonly name: string
  readonly upstream: string
}

/**
 * Who judges an answer: the first that is of another family than the model which gave it, since models like what their own
 * family writes; else the first other model; null where there is none. The judges come in the order of preference.
 */
export function chooseJudge(judges: readonly NamedModel[], judged: NamedModel): string | null {
  const others = judges.filter(({ name }) => name !== judged.name)
  const own = lineOf(judged)
  return (others.find((judge) => lineOf(judge) !== own) ?? others[0])?.name ?? null
}

/** `gpt` of `openai/gpt-4o-mini`: one vendor's models of one name. */
function lineOf({ upstream }: NamedModel): string {
  const family = modelFamilyOf(upstream)
  return /^[a-z]+/.exec(family)?.[0] ?? family
}
