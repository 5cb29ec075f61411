const dateSuffixes = [
  /-v\d+:\d+$/,
  /[-@]20\d{2}-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])$/,
  /-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/,
  // MMDD or YYMM.
  /-(?:(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|2[0-9](?:0[1-9]|1[0-2]))$/,
  /-latest$/,
]

/**
 * The name under which models are counted together: lower case, without the provider in front (`openai/`, `us.anthropic.`)
 * and without the date behind. Empty for a name that is nothing else.
 */
export function modelFamilyOf(model: string): string {
  const bare = model
    .trim()
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^(?:[a-z]{2,6}\.)?[a-z][a-z0-9]*\.(?=[a-z])/, '')
  return dateSuffixes.reduce((name, suffix) => name.replace(suffix, ''), bare)
}
