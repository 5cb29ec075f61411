/** One finding about the configuration: where it is, what is wrong and how to mend it. */
export interface Diagnostic {
  readonly severity: 'error' | 'warning'
  /** `model_list[3].litellm_params.rpm`, or the name of an environment variable. */
  readonly path: string
  readonly message: string
  readonly hint?: string
  readonly file?: string
  /** 1-based. */
  readonly line?: number
}
