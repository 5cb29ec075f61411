import { GatewayError } from '@routeiq/contract'
import type { ManagedEntries } from '../config/managed-entries.ts'
import type { KeyRing, SealedPlace } from '../secrets/key-ring.ts'
import type { ManagedModelStore, StoredCredential, StoredModel } from './managed-model-store.ts'
import { rejectReferences } from './reject-references.ts'

type Fields = Readonly<Record<string, unknown>>

/** A managed deployment with its parameters in clear. */
export interface ManagedModel extends Omit<StoredModel, 'params'> {
  readonly params: Fields
}

export interface ManagedCredential extends Omit<StoredCredential, 'held'> {
  readonly values: Fields
}

/** Parts of a model; null takes a parameter or a fact away. */
export interface ModelChanges {
  readonly modelName?: string | undefined
  readonly params?: Fields | undefined
  readonly info?: Fields | undefined
}

/** What a configuration with these entries would be. */
export interface Trial {
  /** Ids of the deployments it has. */
  readonly ids: ReadonlySet<string>
  /** What is wrong with the entries. */
  readonly problems: readonly string[]
}

export interface ManagedModelsDependencies {
  readonly store: ManagedModelStore
  readonly keyRing: KeyRing
  /** Reads a configuration with these entries, and puts nothing in force. */
  readonly trial: (entries: ManagedEntries) => Trial
  /** Puts the entries in force here. */
  readonly apply: (entries: ManagedEntries) => void
  /** Tells the other processes that something has changed. */
  readonly announce: () => void
  /** Why an address may not be called; null when nothing speaks against it. */
  readonly refuseUrl: (url: string) => string | null
  /** Names of variables that a managed model may not refer to. */
  readonly isOwnVariable: (name: string) => boolean
  readonly onUnreadable: (name: string) => void
  readonly newId: () => string
}

const addressParameters = ['api_base', 'base_url']

/**
 * The models and credentials that admins manage over the API. They are kept sealed, shared by all processes, and count
 * like entries of `model_list` and `credential_list`.
 */
export class ManagedModels {
  readonly #deps: ManagedModelsDependencies
  #version = 0
  #models: ReadonlyMap<string, ManagedModel> = new Map()
  #credentials: ReadonlyMap<string, ManagedCredential> = new Map()

  constructor(deps: ManagedModelsDependencies) {
    this.#deps = deps
  }

  /** By id, oldest first. */
  get models(): ReadonlyMap<string, ManagedModel> {
    return this.#models
  }

  get credentials(): ReadonlyMap<string, ManagedCredential> {
    return this.#credentials
  }

  /** Reads everything, and puts it in force where it differs from what was read last. */
  async refresh(): Promise<void> {
    const { store, apply } = this.#deps
    if ((await store.version()) === this.#version) return
    const { version, models, credentials } = await store.read()
    this.#models = new Map(
      models.flatMap((stored) => this.#openModel(stored)).map((model) => [model.id, model]),
    )
    this.#credentials = new Map(
      credentials.flatMap((stored) => this.#openCredential(stored)).map((opened) => [opened.name, opened]),
    )
    apply(entriesOf(this.#models, this.#credentials))
    this.#version = version
  }

  /** Errors: 400 for a model that could not be called, 409 `conflict` for an id that is taken. */
  async add(
    {
      modelName,
      params,
      info,
    }: { readonly modelName: string; readonly params: Fields; readonly info: Fields },
    actor: string | null,
  ): Promise<ManagedModel> {
    const { newId, store, keyRing } = this.#deps
    const id = typeof info['id'] === 'string' && info['id'] !== '' ? info['id'] : newId()
    const model = { id, modelName, params: withoutNothing(params), info: withoutNothing({ ...info, id }) }
    await this.refresh()
    if (this.#isConfigured(id)) throw taken(id)
    this.#requireCallable(model)
    const sealed = keyRing.seal(modelPlace(id), JSON.stringify(model.params))
    const added = await store.addModel({ ...model, params: sealed, createdBy: actor, updatedBy: actor })
    if (!added) throw taken(id)
    await this.#spread()
    return this.#require(id)
  }

  /** Parameters and facts that are left out stay. Errors: 404, 409 `config_managed`, 400 as for `add`. */
  async change(id: string, changes: ModelChanges, actor: string | null): Promise<ManagedModel> {
    const { store, keyRing } = this.#deps
    await this.refresh()
    const known = this.#require(id)
    const model = {
      id,
      modelName: changes.modelName ?? known.modelName,
      params: withoutNothing({ ...known.params, ...changes.params }),
      info: withoutNothing({ ...known.info, ...changes.info, id }),
    }
    this.#requireCallable(model)
    const params = keyRing.seal(modelPlace(id), JSON.stringify(model.params))
    if (!(await store.changeModel({ ...model, params, updatedBy: actor }))) throw noSuchModel(id)
    await this.#spread()
    return this.#require(id)
  }

  /** Errors: 404, 409 `config_managed`. */
  async remove(id: string): Promise<void> {
    await this.refresh()
    this.#require(id)
    if (!(await this.#deps.store.removeModel(id))) throw noSuchModel(id)
    await this.#spread()
  }

  /** Errors: 409 `conflict` for a name that is taken. */
  async addCredential({
    name,
    values,
    info,
  }: Omit<ManagedCredential, 'createdAt' | 'updatedAt'>): Promise<void> {
    const { store, keyRing } = this.#deps
    this.#requireAllowed(values)
    const held = keyRing.seal(credentialPlace(name), JSON.stringify(values))
    if (!(await store.addCredential({ name, held, info })))
      throw new GatewayError('conflict', `There is a credential named ${name}.`, { param: 'credential_name' })
    await this.#spread()
  }

  /** Values that are left out stay. Errors: 404. */
  async changeCredential(
    name: string,
    changes: { readonly values: Fields; readonly info: Fields },
  ): Promise<void> {
    const { store, keyRing } = this.#deps
    await this.refresh()
    const known = this.#requireCredential(name)
    const values = withoutNothing({ ...known.values, ...changes.values })
    this.#requireAllowed(values)
    const info = withoutNothing({ ...known.info, ...changes.info })
    const held = keyRing.seal(credentialPlace(name), JSON.stringify(values))
    if (!(await store.changeCredential({ name, held, info }))) throw noSuchCredential(name)
    await this.#spread()
  }

  /** Errors: 404, and 400 while a managed model uses it. */
  async removeCredential(name: string): Promise<void> {
    await this.refresh()
    this.#requireCredential(name)
    const users = [...this.#models.values()].filter(
      ({ params }) => params['litellm_credential_name'] === name,
    )
    if (users.length > 0)
      throw new GatewayError(
        'invalid_request',
        `The credential ${name} is used by ${users.map(({ modelName }) => modelName).join(', ')}.`,
        { param: 'credential_name' },
      )
    if (!(await this.#deps.store.removeCredential(name))) throw noSuchCredential(name)
    await this.#spread()
  }

  async #spread(): Promise<void> {
    await this.refresh()
    this.#deps.announce()
  }

  #require(id: string): ManagedModel {
    const model = this.#models.get(id)
    if (model !== undefined) return model
    if (this.#isConfigured(id))
      throw new GatewayError(
        'config_managed',
        `The model ${id} stands in the configuration; change it there.`,
      )
    throw noSuchModel(id)
  }

  #isConfigured(id: string): boolean {
    return this.#deps.trial({ models: [], credentials: [] }).ids.has(id)
  }

  #requireCredential(name: string): ManagedCredential {
    const credential = this.#credentials.get(name)
    if (credential === undefined) throw noSuchCredential(name)
    return credential
  }

  /** Errors: 400 saying what keeps the model from being called. */
  #requireCallable(model: Pick<ManagedModel, 'id' | 'modelName' | 'params' | 'info'>): void {
    this.#requireAllowed(model.params)
    const entries = entriesOf(new Map([[model.id, model]]), this.#credentials)
    const { ids, problems } = this.#deps.trial(entries)
    if (problems.length === 0 && ids.has(model.id)) return
    const reason = problems.join('; ') || 'no deployment comes of it'
    throw new GatewayError('invalid_request', `This model cannot be added: ${reason}.`, {
      param: 'litellm_params',
    })
  }

  /** Errors: 400 for an address or a variable that is not an admin's to use. */
  #requireAllowed(params: Fields): void {
    rejectReferences(params, this.#deps.isOwnVariable)
    for (const name of addressParameters) {
      const address = params[name]
      const refusal = typeof address === 'string' ? this.#deps.refuseUrl(address) : null
      if (refusal !== null)
        throw new GatewayError('ssrf_blocked', `\`${name}\` may not be called: ${refusal}.`, { param: name })
    }
  }

  #openModel(stored: StoredModel): ManagedModel[] {
    const params = this.#openFields(modelPlace(stored.id), stored.params, stored.modelName)
    return params === null ? [] : [{ ...stored, params }]
  }

  #openCredential({ held, ...stored }: StoredCredential): ManagedCredential[] {
    const values = this.#openFields(credentialPlace(stored.name), held, stored.name)
    return values === null ? [] : [{ ...stored, values }]
  }

  #openFields(place: SealedPlace, sealed: string, name: string): Fields | null {
    const text = this.#deps.keyRing.open(place, sealed)
    if (text !== null) return JSON.parse(text) as Fields
    this.#deps.onUnreadable(name)
    return null
  }
}

type Entry = Pick<ManagedModel, 'modelName' | 'params' | 'info'>

function entriesOf(
  models: ReadonlyMap<string, Entry>,
  credentials: ReadonlyMap<string, ManagedCredential>,
): ManagedEntries {
  return {
    models: [...models.values()].map(({ modelName, params, info }) => ({
      model_name: modelName,
      litellm_params: { ...params },
      model_info: { ...info, db_model: true },
    })),
    credentials: [...credentials.values()].map(({ name, values }) => ({
      credential_name: name,
      credential_values: { ...values },
    })),
  }
}

const withoutNothing = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined))

const modelPlace = (row: string): SealedPlace => ({ table: 'managed_models', row })

const credentialPlace = (row: string): SealedPlace => ({ table: 'managed_credentials', row })

const taken = (id: string): GatewayError =>
  new GatewayError('conflict', `There is a model with the id ${id}.`, { param: 'model_info.id' })

const noSuchModel = (id: string): GatewayError =>
  new GatewayError('not_found', `There is no model with the id ${id.slice(0, 256)}.`, { param: 'id' })

const noSuchCredential = (name: string): GatewayError =>
  new GatewayError('not_found', `There is no credential named ${name.slice(0, 256)}.`, {
    param: 'credential_name',
  })
