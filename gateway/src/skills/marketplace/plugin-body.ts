import { z } from 'zod'
import type { Plugin } from './plugin-store.ts'

const revision = {
  ref: z.string().min(1).max(255).optional(),
  sha: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'give all 40 hexadecimal digits')
    .optional(),
}
const gitUrl = z
  .string()
  .max(2_048)
  .regex(/^(?:https:\/\/|ssh:\/\/|git@)\S+$/, 'give the address of a git repository, as https://… or git@…')
const folder = z
  .string()
  .max(255)
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$))[^\\\s]+$/, 'give a path inside the repository')

const source = z.discriminatedUnion(
  'source',
  [
    z.strictObject({
      source: z.literal('github'),
      repo: z.string().regex(/^[\w.-]+\/[\w.-]+$/, 'give owner/repository'),
      ...revision,
    }),
    z.strictObject({ source: z.literal('url'), url: gitUrl, ...revision }),
    z.strictObject({ source: z.literal('git-subdir'), url: gitUrl, path: folder, ...revision }),
  ],
  'a source is {"source": "github", "repo"}, {"source": "url", "url"} or {"source": "git-subdir", "url", "path"}',
)

const short = z.string().max(255)

/** The body that registers a plugin. */
export const pluginBody = z.object({
  name: z
    .string()
    .max(64)
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'a name has lower-case letters, digits and single hyphens'),
  source,
  description: z.string().max(1_024).optional(),
  version: short.optional(),
  author: z.object({ name: short, email: z.email().optional() }).optional(),
  category: short.optional(),
  keywords: z.array(short).max(32).optional(),
  homepage: z.url({ protocol: /^https?$/ }).optional(),
  domain: short.optional(),
  namespace: short.optional(),
})

/** A plugin as admins see it. */
export function formatPlugin({
  id,
  name,
  source: from,
  manifest,
  isEnabled,
  createdAt,
  updatedAt,
}: Plugin): object {
  return {
    ...{ id, name, source: from, ...manifest, enabled: isEnabled },
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  }
}
