import type { DefinitionPin, McpServerStore, StoredServer } from '../../mcp/registry/server-store.ts'

/** A store of tool servers that forgets everything with its process. */
export function createMemoryMcpStore(now: () => number): McpServerStore {
  const servers = new Map<string, StoredServer>()
  const pins = new Map<string, DefinitionPin>()
  let epoch = 0
  const keyOf = ({ serverId, kind, name }: DefinitionPin): string => JSON.stringify([serverId, kind, name])
  return {
    epoch: async () => epoch,
    read: async () => ({ epoch, servers: [...servers.values()], pins: [...pins.values()] }),
    async write({ actor, ...server }, mode) {
      const known = servers.get(server.serverId)
      if ((known === undefined) === (mode === 'replace') && mode !== 'either') return false
      epoch += 1
      const created = { createdAt: known?.createdAt ?? now(), createdBy: known?.createdBy ?? actor }
      servers.set(server.serverId, {
        ...server,
        ...created,
        revision: epoch,
        updatedAt: now(),
        updatedBy: actor,
      })
      return true
    },
    async remove(serverId) {
      epoch += 1
      for (const [key, pin] of pins) if (pin.serverId === serverId) pins.delete(key)
      return servers.delete(serverId)
    },
    async addPins(added) {
      for (const pin of added) if (!pins.has(keyOf(pin))) pins.set(keyOf(pin), pin)
      epoch += 1
    },
    async setPin(pin) {
      pins.set(keyOf(pin), pin)
      epoch += 1
    },
  }
}
