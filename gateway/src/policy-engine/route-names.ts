/** Other ways to the same thing: what stands before the part that says what is done. */
const prefixes = [
  '/openai/deployments/{model}',
  '/engines/{model}',
  '/openai/v1',
  '/openai',
  '/v1beta',
  '/v1',
]

/**
 * Under which names rules know a route, in lower case: as it is documented, with and without `/v1`, and by what it does
 * where it is an alias. `/engines/{model}/chat/completions` is also `/chat/completions` and `/v1/chat/completions`.
 */
export function routeNames(template: string): readonly string[] {
  const path = template.toLowerCase()
  const prefix = prefixes.find((known) => path.startsWith(`${known}/`)) ?? ''
  const bare = path.slice(prefix.length)
  // What goes on as it was sent is everything below the prefix, and the prefix is what it is known by.
  if (/^\/\{\w+[+*]\}$/.test(bare)) return [path]
  return [...new Set([path, bare, `/v1${bare}`])]
}
