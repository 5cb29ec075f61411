import { z } from 'zod'

const name = z.string().max(255)
const count = z.int().min(1)

/** The body of `POST /skills/route`; members that are not here are ignored. */
export const routeBody = z.object({
  query: z.string(),
  top_k: z.int().min(1).max(50).default(10),
  include_attachments: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  agent_name: name.nullish(),
  category: z.string().max(100).nullish(),
  model: name.nullish(),
  max_menu_size: count.nullish(),
  min_relevance: z.number().min(0).max(1).nullish(),
  exclude: z.array(name).max(1_000).nullish(),
  dry_run: z.boolean().nullish(),
  explain: z.boolean().nullish(),
})
export type RouteBody = z.output<typeof routeBody>

/** The query of `GET /skills/menu`. */
export const menuQuery = z.object({
  category: z.string().max(100).optional(),
  agent_name: name.optional(),
  max_menu_size: z.coerce.number().pipe(count).optional(),
  include_attachments: z.stringbool().default(true),
})
