import type { Deployment } from './deployment.ts'
import { DeploymentNames, DeploymentTarget } from './deployment-target.ts'

/**
 * Lets equal parts of deployments be one object: their paths, headers, prices, abilities, names and texts. Thousands of deployments
 * differ in little more than a name, and what a request reads of one it has never seen is then already at hand, in the
 * processor's caches and, for heads of upstream requests, in those that were encoded before.
 */
export class SharedParts {
  readonly #texts = new Map<string, string>()
  readonly #parts = new Map<string, unknown>()
  readonly #names = new Map<string, DeploymentNames>()

  /** The same deployment, of shared parts. */
  share(deployment: Deployment): Deployment {
    const { prices, responses } = deployment
    const common = {
      id: this.#text(deployment.id),
      group: this.#text(deployment.group),
      upstreamModel: this.#text(deployment.upstreamModel),
      headers: this.#part(deployment.headers),
      prices: prices === null ? null : this.#part(prices),
      facts: this.#part(deployment.facts),
      target: this.#target(deployment.target),
    }
    return {
      ...deployment,
      ...common,
      ...this.#place(deployment),
      responses: responses === null ? null : { ...responses, ...common, ...this.#place(responses) },
    }
  }

  #place({ origin, apiBase, paths }: Deployment): Pick<Deployment, 'origin' | 'apiBase' | 'paths'> {
    return { origin: this.#text(origin), apiBase: this.#text(apiBase), paths: this.#part(paths) }
  }

  #target({ deploymentId, names }: DeploymentTarget): DeploymentTarget {
    const { group, provider, upstreamModel, apiBase, regionName } = names
    const key = JSON.stringify([group, provider, upstreamModel, apiBase, regionName])
    const shared =
      this.#names.get(key) ??
      new DeploymentNames({
        ...names,
        group: this.#text(group),
        upstreamModel: this.#text(upstreamModel),
        apiBase: this.#text(apiBase),
      })
    this.#names.set(key, shared)
    return new DeploymentTarget(this.#text(deploymentId), shared)
  }

  /** In one piece: text that was put together is otherwise read from all the pieces it was made of. */
  #text(text: string): string {
    let kept = this.#texts.get(text)
    if (kept === undefined) {
      const whole = Buffer.from(text).toString()
      kept = whole === text ? whole : text
      this.#texts.set(kept, kept)
    }
    return kept
  }

  #part<Part extends object>(part: Part): Part {
    const key = JSON.stringify(part, (_name, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    )
    const kept = this.#parts.get(key) ?? part
    this.#parts.set(key, kept)
    return kept as Part
  }
}
