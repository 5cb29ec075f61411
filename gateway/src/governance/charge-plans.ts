import type { Allowances } from './allowances.ts'
import { type ChargeTemplate, planCharges } from './charges.ts'

/** A key names few models; whoever sends other names each time gets plans made anew. */
const maxModels = 64

interface Plans {
  readonly windowMs: number
  readonly byModel: Map<string, readonly ChargeTemplate[]>
}

interface Models {
  readonly group: { readonly name: string }
  readonly requestedModel: string
}

/** What allowances ask of calls, by model; made once for each. */
export class ChargePlans {
  readonly #plans = new WeakMap<Allowances, Plans>()

  find(allowances: readonly Allowances[], models: Models, windowMs: number): readonly ChargeTemplate[] {
    const [first] = allowances
    if (first !== undefined && allowances.length === 1) return this.#planOf(first, models, windowMs)
    return allowances.flatMap((of) => this.#planOf(of, models, windowMs))
  }

  #planOf(of: Allowances, { group, requestedModel }: Models, windowMs: number): readonly ChargeTemplate[] {
    let plans = this.#plans.get(of)
    if (plans === undefined || plans.windowMs !== windowMs || plans.byModel.size > maxModels) {
      plans = { windowMs, byModel: new Map() }
      this.#plans.set(of, plans)
    }
    const name = group.name === requestedModel ? requestedModel : `${group.name}\n${requestedModel}`
    let plan = plans.byModel.get(name)
    if (plan === undefined) {
      const concerns = ({ model }: { readonly model: string | null }): boolean =>
        model === null || model === group.name || model === requestedModel
      plan = planCharges(of, concerns, windowMs)
      plans.byModel.set(name, plan)
    }
    return plan
  }
}
