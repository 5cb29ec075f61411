import { z } from 'zod'
import type { ToolResultPart } from '../conversation/part.ts'
import type { ConversationMessage } from '../conversation/request.ts'
import type { LoadedSkill } from './skill-loads.ts'

/** What one answer really was, for an answer whose calls of our own tools the client never saw. */
export interface HiddenAnswer {
  /** Identifies the answer as the client repeats it (`fingerprintAnswer`). */
  readonly fingerprint: string
  /** The messages as the provider knows them: the model's own, and the results of our tools between them. */
  readonly messages: readonly ConversationMessage[]
  /** Results of our tools for calls that stand beside the client's own in the last message. */
  readonly held: readonly ToolResultPart[]
  /** Estimated tokens of the bodies and files in it. */
  readonly tokens: number
}

/** Everything that has to come again at the same place when the conversation comes back. */
export interface TurnRecord {
  readonly routingId: string
  readonly mode: 'menu' | 'auto' | 'list' | 'inline'
  /** Heading, table, instruction and bodies, as they stand in the prompt. */
  readonly stableBlock: string
  /** Empty for none. */
  readonly hint: string
  readonly agentName: string | null
  readonly offered: readonly string[]
  readonly hinted: readonly string[]
  readonly visible: readonly string[]
  /** The deployment that answered last; another would not have its cache, and not take its signatures. */
  readonly deploymentId: string | null
  readonly degradedReason: string | null
  readonly loaded: readonly LoadedSkill[]
  /** Estimated tokens of the files that were read. */
  readonly fileTokens: number
  readonly hidden: readonly HiddenAnswer[]
  /** The model has given its answer: nothing of the turn is to come. */
  readonly isClosed: boolean
  /** Epoch milliseconds. */
  readonly createdAt: number
}

/** Records come back from our own sealed store, so only their shape is looked at. */
const storedRecord = z.object({
  routingId: z.string(),
  mode: z.enum(['menu', 'auto', 'list', 'inline']),
  stableBlock: z.string(),
  hint: z.string(),
  agentName: z.string().nullable(),
  offered: z.array(z.string()),
  hinted: z.array(z.string()),
  visible: z.array(z.string()),
  deploymentId: z.string().nullable(),
  degradedReason: z.string().nullable(),
  loaded: z.array(z.custom<LoadedSkill>((value) => typeof value === 'object')),
  fileTokens: z.number().default(0),
  hidden: z.array(z.custom<HiddenAnswer>((value) => typeof value === 'object')),
  isClosed: z.boolean(),
  createdAt: z.number(),
})

export const formatTurnRecord = (record: TurnRecord): string => JSON.stringify(record)

/** Null for what is no record of this version. */
export function parseTurnRecord(text: string): TurnRecord | null {
  try {
    return storedRecord.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
