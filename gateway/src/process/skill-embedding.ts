import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { StaticEmbedder } from '@routeiq/router'

/**
 * Finds the embedding table that the router ships, and reads it (12 MB, in some 20 ms) when it is first asked for: a gateway
 * without skills does without it.
 */
export function findSkillEmbedding(): () => StaticEmbedder {
  const path = createRequire(import.meta.url).resolve('@routeiq/router/skill-embedding.bin')
  let embedder: StaticEmbedder | null = null
  return () => {
    embedder ??= new StaticEmbedder(readFileSync(path))
    return embedder
  }
}
