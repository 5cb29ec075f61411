import { expect, it } from 'vitest'
import { anonymousCaller } from './caller.ts'
import { holdsPermission } from './permissions.ts'

it.each([
  [[], 'key.read', false],
  [['*'], 'key.write', true],
  [['key.read'], 'key.read', true],
  [['key.read'], 'key.write', false],
  [['key.*'], 'key.write', true],
  [['mcp.*'], 'mcp.tool.call', true],
  [['mcp.*'], 'key.read', false],
  [['*.read'], 'team.read', true],
  [['*.read'], 'team.write', false],
])('%j may %s: %s', (permissions, permission, allowed) => {
  const caller = { ...anonymousCaller, permissions: new Set(permissions) }
  expect(holdsPermission(caller, permission)).toBe(allowed)
  expect(holdsPermission({ ...caller, isAdmin: true }, permission)).toBe(true)
})
