import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Checkpoint } from '../../audit/checkpoint.ts'
import { UsageError } from '../fail-command.ts'

const lineSchema = z
  .object({
    event: z.literal('audit_checkpoint'),
    chain: z.string(),
    seq: z.number(),
    kind: z.enum(['checkpoint', 'retention']),
    hash: z.string(),
    at: z.number(),
    key_id: z.string().nullable(),
    signature: z.string().nullable(),
  })
  .transform(({ event: _, key_id: keyId, ...checkpoint }): Checkpoint => ({ ...checkpoint, keyId }))

/** The checkpoints in a log of the gateway; other lines are passed over. */
export function readPublished(file: string): readonly Checkpoint[] {
  return readLines(file).flatMap((line) => {
    if (!line.includes('audit_checkpoint')) return []
    try {
      return lineSchema.safeParse(JSON.parse(line)).data ?? []
    } catch {
      return []
    }
  })
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    throw new UsageError(`the log ${file} cannot be read`)
  }
}
