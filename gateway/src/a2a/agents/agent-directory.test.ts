import { expect, it } from 'vitest'
import { AgentDirectory } from './agent-directory.ts'
import { toRegistration } from './agent-schema.ts'
import type { RemoteAgent } from './remote-agent.ts'

const agent = (agentId: string, name: string, origin: RemoteAgent['origin'] = 'registered'): RemoteAgent => ({
  ...toRegistration({ agent_name: name, url: 'https://agent.example.org/' }),
  ...{ agentId, origin, createdBy: null, updatedBy: null, createdAt: 0, updatedAt: 0 },
})

function open(configured: readonly RemoteAgent[] = []) {
  const rows = new Map<string, RemoteAgent>()
  const reads = { all: 0, one: 0 }
  let version = 0
  const directory = new AgentDirectory({
    store: {
      agentsVersion: async () => String(version),
      listAgents: async () => {
        reads.all += 1
        return [...rows.values()]
      },
      findAgent: async (agentId) => {
        reads.one += 1
        return rows.get(agentId) ?? null
      },
    },
    configured: () => configured,
  })
  const save = (saved: RemoteAgent): Promise<void> => {
    version += 1
    rows.set(saved.agentId, saved)
    return directory.refreshAgent(saved.agentId)
  }
  const remove = (agentId: string): Promise<void> => {
    version += 1
    rows.delete(agentId)
    return directory.refreshAgent(agentId)
  }
  const names = (): string[] => directory.list().map(({ name }) => name)
  return { directory, reads, save, remove, names }
}

it('reads of a change what has changed', async () => {
  const { save, remove, names, reads, directory } = open()
  await save(agent('1', 'one'))
  await save(agent('2', 'another'))
  await save(agent('1', 'renamed'))
  expect(names()).toEqual(['another', 'renamed'])
  expect([directory.find('one'), directory.find('renamed')?.agentId]).toEqual([null, '1'])
  await remove('2')
  expect([directory.find('2'), directory.find('another'), ...names()]).toEqual([null, null, 'renamed'])
  expect(reads).toEqual({ all: 0, one: 4 })
})

it('gives a name that came free to who takes it, whichever is heard of first', async () => {
  const { save, directory } = open()
  await save(agent('1', 'helper'))
  await save(agent('2', 'helper'))
  await save(agent('1', 'retired'))
  expect([directory.find('helper')?.agentId, directory.find('retired')?.agentId]).toEqual(['2', '1'])
})

it('looks again only when somebody has changed something', async () => {
  const { save, directory, reads } = open()
  await directory.follow()
  await save(agent('1', 'one'))
  await Promise.all([directory.follow(), directory.follow()])
  expect(reads.all).toBe(2)
})

it('keeps the names of the configuration, whatever is registered or removed', async () => {
  const own = agent('own', 'helper', 'configuration')
  const { save, remove, directory } = open([own])
  await save(agent('1', 'helper'))
  expect([directory.find('helper'), directory.find('1')]).toEqual([own, null])
  await remove('1')
  expect([directory.find('helper'), directory.find('own')]).toEqual([own, own])
})
