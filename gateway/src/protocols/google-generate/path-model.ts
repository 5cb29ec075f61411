const prefixes = ['models/', 'publishers/google/models/']

/** The model a path names: Google's own collections are understood, others (`tunedModels/x`) are part of the name. */
export function readPathModel(name: string): string {
  const prefix = prefixes.find((candidate) => name.startsWith(candidate))
  return prefix === undefined ? name : name.slice(prefix.length)
}
