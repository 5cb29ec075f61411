/** A deployment that was added over the API. */
export interface StoredModel {
  readonly id: string
  readonly modelName: string
  /** `litellm_params` as JSON, sealed. */
  readonly params: string
  readonly info: Readonly<Record<string, unknown>>
  readonly createdBy: string | null
  readonly updatedBy: string | null
  /** Epoch milliseconds. */
  readonly createdAt: number
  readonly updatedAt: number
}

export interface StoredCredential {
  readonly name: string
  /** `credential_values` as JSON, sealed. */
  readonly held: string
  readonly info: Readonly<Record<string, unknown>>
  readonly createdAt: number
  readonly updatedAt: number
}

interface StoredModels {
  /** Grows with every change. */
  readonly version: number
  /** Oldest first. */
  readonly models: readonly StoredModel[]
  readonly credentials: readonly StoredCredential[]
}

/** Models and credentials managed over the API. Errors: `storage_unavailable`. */
export interface ManagedModelStore {
  version(): Promise<number>
  /** Everything as of one moment. */
  read(): Promise<StoredModels>
  /** False, and nothing is kept, when the id is taken. */
  addModel(model: Omit<StoredModel, 'createdAt' | 'updatedAt'>): Promise<boolean>
  /** False when there is no such model. */
  changeModel(
    model: Pick<StoredModel, 'id' | 'modelName' | 'params' | 'info' | 'updatedBy'>,
  ): Promise<boolean>
  removeModel(id: string): Promise<boolean>
  /** False, and nothing is kept, when the name is taken. */
  addCredential(credential: Pick<StoredCredential, 'name' | 'held' | 'info'>): Promise<boolean>
  changeCredential(credential: Pick<StoredCredential, 'name' | 'held' | 'info'>): Promise<boolean>
  removeCredential(name: string): Promise<boolean>
}
