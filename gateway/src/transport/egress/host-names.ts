/** Names of metadata services; whatever they resolve to, nobody means to call them. */
export const metadataNames: ReadonlySet<string> = new Set([
  'instance-data',
  'metadata',
  'metadata.google.internal',
  'metadata.gke.internal',
  'metadata.azure.com',
  'computemetadata',
])

/** A host of a URL as names are compared: without brackets and a dot at its end, in lower case. */
export function bareHost(hostname: string): string {
  return hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()
}
