import type { Caller } from './caller.ts'

/**
 * Whether a caller may do what a permission names (`key.write`): admins may do everything, others what their key or user
 * was granted. `*` grants all, `ns.*` all of a namespace, `*.read` every reading.
 */
export function holdsPermission({ isAdmin, permissions }: Caller, permission: string): boolean {
  if (isAdmin || permissions.has('*') || permissions.has(permission)) return true
  const namespace = permission.slice(0, permission.indexOf('.'))
  const action = permission.slice(permission.lastIndexOf('.') + 1)
  return permissions.has(`${namespace}.*`) || permissions.has(`*.${action}`)
}
