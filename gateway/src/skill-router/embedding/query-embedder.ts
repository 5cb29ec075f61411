/** Gets ready to embed a request. */
export interface QueryEmbedder {
  /** For `/router/health`: which embedder, and whether it works. */
  readonly state: {
    readonly kind: 'none' | 'static' | 'model'
    /** Of this gateway. */
    readonly model?: string
    readonly available: boolean
  }
  /** False when the request has to do without its embedding. */
  prepare(query: string): boolean | Promise<boolean>
}
