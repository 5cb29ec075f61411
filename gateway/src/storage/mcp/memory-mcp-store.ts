import type { DefinitionPin, McpServerStore, StoredServer } from '../../mcp/registry/server-store.ts'
import type { Toolset } from '../../mcp/registry/toolset.ts'

/** A store of tool servers that forgets everything with its process. */
export function createMemoryMcpStore(now: () => number): McpServerStore {
  const servers = new Map<string, StoredServer>()
  const pins = new Map<string, DefinitionPin>()
  const toolsets = new Map<string, Toolset>()
  let epoch = 0
  const keyOf = ({ serverId, kind, name }: DefinitionPin): string => JSON.stringify([serverId, kind, name])
  return {
    epoch: async () => epoch,
    read: async () => ({
      epoch,
      servers: [...servers.values()],
      pins: [...pins.values()],
      toolsets: [...toolsets.values()].sort((a, b) => (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1)),
    }),
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
    async writeToolset(toolset, actor) {
      const { toolsetId, name } = toolset
      const isRival = (other: Toolset): boolean =>
        other.toolsetId !== toolsetId && other.name.toLowerCase() === name.toLowerCase()
      if ([...toolsets.values()].some(isRival)) return false
      const known = toolsets.get(toolsetId)
      const at = new Date(now()).toISOString()
      const created = { createdAt: known?.createdAt ?? at, createdBy: known?.createdBy ?? actor }
      toolsets.set(toolsetId, { ...toolset, ...created, updatedAt: at, updatedBy: actor })
      epoch += 1
      return true
    },
    async removeToolset(toolsetId) {
      epoch += 1
      return toolsets.delete(toolsetId)
    },
  }
}
