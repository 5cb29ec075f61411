/** An entry of `model_list` whose upstream model has the name of its group unless told. */
export function deployment(
  model_name: string,
  api_base: string,
  params: Readonly<Record<string, unknown>> = {},
  model_info?: Readonly<Record<string, unknown>>,
): object {
  const litellm_params = { model: `openai/${model_name}`, api_base, api_key: 'sk-upstream', ...params }
  return { model_name, litellm_params, ...(model_info === undefined ? {} : { model_info }) }
}

export const messages = [{ role: 'user', content: 'Hello' }]
