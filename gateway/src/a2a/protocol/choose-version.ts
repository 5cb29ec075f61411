import { A2aError } from './a2a-error.ts'
import { findMethod, type Method, type Version, versionByLetter } from './methods.ts'

const supported: readonly Version[] = ['0.3', '1.0']

/** The version a header names; the patch does not count and an empty one means 0.3. Null for none, or an unknown one. */
export function readVersion(header: string | null): Version | null {
  if (header === null) return null
  if (header.trim() === '') return '0.3'
  const [, major, minor] = /^\s*(\d+)\.(\d+)(?:\.\d+)?\s*$/.exec(header) ?? []
  return supported.find((version) => version === `${major}.${minor}`) ?? null
}

/** Errors in the version of the header, or that of the method's name. */
export class VersionedError extends Error {
  readonly error: A2aError
  readonly version: Version

  constructor(error: A2aError, version: Version) {
    super(error.message)
    this.error = error
    this.version = version
  }
}

/**
 * The operation and version of a call by its method's name, with which `A2A-Version` must agree. Errors: -32009 for a
 * version that is not served, -32601 for an unknown method or one of the other version.
 */
export function chooseMethod(name: string, header: string | null): Method {
  const asked = readVersion(header)
  if (header !== null && asked === null) throw unsupportedVersion(header, versionByLetter(name))
  const method = findMethod(name)
  const version = asked ?? method?.version ?? versionByLetter(name)
  if (method === null) {
    throw new VersionedError(
      new A2aError('METHOD_NOT_FOUND', `Method not found: ${name.slice(0, 100)}`),
      version,
    )
  }
  if (asked !== null && asked !== method.version) {
    const message = `${name} is a method of version ${method.version}, but A2A-Version asks for ${asked}.`
    throw new VersionedError(new A2aError('METHOD_NOT_FOUND', message), asked)
  }
  return method
}

function unsupportedVersion(header: string, version: Version): VersionedError {
  const message = `A2A version ${header.slice(0, 20)} is not supported; use one of ${supported.join(', ')}.`
  const metadata = { supportedVersions: supported.join(', ') }
  return new VersionedError(new A2aError('VERSION_NOT_SUPPORTED', message, { metadata }), version)
}
