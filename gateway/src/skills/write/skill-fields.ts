import { type ZodType, z } from 'zod'
import { refuseSkillName } from '../validate/skill-name.ts'

const maxBodyBytes = 262_144

/** Text a database and a client can hold. */
const text = z.string().refine((value) => !/[\0\p{Surrogate}]/u.test(value), 'holds half a character or NUL')

const short = (limit: number): ZodType<string> =>
  text.refine((value) => [...value].length <= limit, `has more than ${limit} characters`)

export const skillName = text
  .transform((name) => name.trim().normalize('NFKC'))
  .superRefine((name, context) => {
    const refusal = refuseSkillName(name)
    if (refusal !== null) context.addIssue({ code: 'custom', message: refusal })
  })

export const description = text
  .transform((value) => value.trim())
  .refine((value) => value !== '' && [...value].length <= 1_024, 'a description has 1 to 1024 characters')

/** Longer ones cost every model that reads them; parts belong into attachments. */
export const body = text.refine(
  (value) => value.trim() !== '' && Buffer.byteLength(value) <= maxBodyBytes,
  'a body has 1 character to 256 KiB of text',
)

export const line = short(1_000)
export const longText = short(maxBodyBytes)

/** What can be said about a skill beside its text, in the names of the wire. */
export const metadataFields = {
  display_name: short(255).nullish(),
  category: short(100).nullish(),
  stability: short(32).nullish(),
  tags: z.array(short(100)).max(100).nullish(),
  trigger_phrases: z.array(short(500)).max(100).nullish(),
  skill_type: short(64).nullish(),
  skill_scope: short(64).nullish(),
  invocation: short(64).nullish(),
  is_active: z.boolean().nullish(),
  offer_scope: z.enum(['workspace', 'restricted']).nullish(),
}

export type MetadataFields = z.output<z.ZodObject<typeof metadataFields>>
