const types: Readonly<Record<string, string>> = {
  md: 'text/markdown; charset=utf-8',
  txt: 'text/plain; charset=utf-8',
  py: 'text/x-python; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  ts: 'text/typescript; charset=utf-8',
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json',
  yaml: 'application/x-yaml',
  yml: 'application/x-yaml',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  svg: 'image/svg+xml',
}
const unknownType = 'application/octet-stream'
/** What a browser would run. */
const active: ReadonlySet<string> = new Set(['html', 'svg'])

/** The headers a file of this path is served with; nothing published may run in the gateway's origin. */
export function fileHeaders(path: string): readonly string[] {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1).toLowerCase() : ''
  const type = Object.hasOwn(types, extension) ? (types[extension] ?? unknownType) : unknownType
  if (active.has(extension))
    return ['content-type', type, 'content-disposition', 'attachment', 'content-security-policy', 'sandbox']
  return ['content-type', type, ...(type === unknownType ? ['content-disposition', 'attachment'] : [])]
}
