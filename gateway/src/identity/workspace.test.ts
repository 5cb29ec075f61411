import { describe, expect, it } from 'vitest'
import { anonymousCaller, type Caller, configuredCaller } from './caller.ts'
import { defaultWorkspace, workspaceOf } from './workspace.ts'

const admin = configuredCaller('master', 'sk-master-0123456789', 'digest')
const member: Caller = { ...anonymousCaller, kind: 'key', organizationId: 'acme' }

describe('workspaceOf', () => {
  it('is the organisation of the key, else the default one', () => {
    expect(workspaceOf(member, null)).toBe('acme')
    expect(workspaceOf({ ...member, organizationId: null }, '')).toBe(defaultWorkspace)
    expect(workspaceOf(anonymousCaller, null)).toBe(defaultWorkspace)
    expect(workspaceOf(member, 'acme')).toBe('acme')
  })

  it('is chosen by admins alone', () => {
    expect(workspaceOf(admin, null)).toBe(defaultWorkspace)
    expect(workspaceOf(admin, 'acme')).toBe('acme')
    for (const other of ['default', 'globex', 'no such', 'x'.repeat(500)]) {
      expect(() => workspaceOf(member, other)).toThrow('may not choose')
    }
    expect(() => workspaceOf(anonymousCaller, 'acme')).toThrow('may not choose')
  })

  it.each([' ', '-x', 'a b', 'a/b', 'x'.repeat(129), 'é'])('refuses %j', (id) => {
    expect(() => workspaceOf(admin, id)).toThrow('X-Workspace-Id must be')
  })
})
