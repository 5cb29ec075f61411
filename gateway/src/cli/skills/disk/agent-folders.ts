import { join } from 'node:path'
import { CommandFailure } from '../gateway-client.ts'

const shared = '.agents/skills'

/** Where agents that load skills from disk look, below a project and below a home directory. */
const folders: Readonly<Record<string, readonly [project: string, global: string]>> = {
  universal: [shared, '.config/agents/skills'],
  aider: [shared, '.aider/skills'],
  amp: ['.amp/skills', '.amp/skills'],
  augment: ['.augment/skills', '.augment/skills'],
  'claude-code': ['.claude/skills', '.claude/skills'],
  cline: [shared, '.agents/skills'],
  codex: [shared, '.codex/skills'],
  continue: ['.continue/skills', '.continue/skills'],
  cursor: [shared, '.cursor/skills'],
  'gemini-cli': [shared, '.gemini/skills'],
  'github-copilot': [shared, '.copilot/skills'],
  goose: [shared, '.config/goose/skills'],
  melty: ['.melty/skills', '.melty/skills'],
  roo: ['.roo/skills', '.roo/skills'],
  trae: ['.trae/skills', '.trae/skills'],
  void: ['.void/skills', '.void/skills'],
  windsurf: ['.windsurf/skills', '.windsurf/skills'],
  zed: [shared, '.zed/skills'],
}

/** The folders that serve these agents, each once. */
export function agentFolders(
  agents: readonly string[],
  scope: 'project' | 'global',
  places: { readonly project: string; readonly home: string },
): readonly string[] {
  const found = agents.map((agent) => {
    const pair = folders[agent]
    if (pair === undefined)
      throw new CommandFailure(`no agent is called ${agent}; known are ${Object.keys(folders).join(', ')}`, 2)
    return scope === 'project' ? join(places.project, pair[0]) : join(places.home, pair[1])
  })
  return [...new Set(found)]
}
