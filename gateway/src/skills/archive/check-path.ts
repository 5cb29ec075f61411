const maxBytes = 255
const maxDepth = 10
const device = /^(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.|$)/i

/** Why a path may not be one of a skill's files, as what is said to the caller; null when it may. */
export function refusePath(path: string): string | null {
  if (path === '') return 'a path is empty'
  if (path.includes('\0')) return 'a path holds NUL'
  if (path.includes('\\')) return 'a path holds a backslash; separate directories with /'
  if (path.startsWith('/') || /(?:^|\/)[A-Za-z]:/.test(path))
    return 'a path is absolute; it must lie below the skill'
  if (/[\p{Cc}\p{Surrogate}]/u.test(path)) return 'a path holds control characters'
  if (Buffer.byteLength(path) > maxBytes) return `a path has more than ${maxBytes} bytes`
  const segments = path.split('/')
  if (segments.length > maxDepth) return `a path is deeper than ${maxDepth} levels`
  if (segments.some((segment) => segment === '' || segment === '.' || segment === '..'))
    return 'a path leaves its directory or has empty parts'
  // Windows takes these for other files, or for devices.
  if (segments.some((segment) => /[. ]$/.test(segment))) return 'a part of a path ends with a dot or a blank'
  if (segments.some((segment) => device.test(segment))) return 'a part of a path is the name of a device'
  return null
}

/** Equal for paths that some file systems hold for the same. */
export function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase()
}
