import { GatewayError } from '@routeiq/contract'
import { z } from 'zod'
import { type Usage, zeroUsage } from '../../conversation/usage.ts'
import type { Endpoint } from '../../http/dispatch.ts'
import type { Route } from '../../http/router.ts'
import type { Caller } from '../../identity/caller.ts'
import type { Runtime } from '../../pipeline/model-request.ts'
import { computeCost } from '../../pricing/compute-cost.ts'
import { estimateInputTokens } from '../../pricing/estimate-tokens.ts'
import { picoPerUsd } from '../../pricing/prices.ts'
import type { SpendLedger, SpendQuery, SpendRow } from '../../storage/ledger/spend-row.ts'
import type { DailySum, SpenderKind, SpenderSum, SpendPeriod } from '../../storage/spend-totals.ts'
import { findPriced } from './find-priced.ts'
import { readCount } from './read-count.ts'
import { formatSpendLog, toUsd } from './spend-row.ts'
import { SubjectContext, type SubjectRoutesDependencies } from './subject-context.ts'

const dayMs = 86_400_000
const mostRows = 10_000

export interface SpendRoutesDependencies extends SubjectRoutesDependencies {
  readonly spend: Pick<SpendLedger, 'listSpend' | 'countSpend' | 'sumActivity'>
  readonly runtime: () => Runtime
}

const calculateSchema = z.looseObject({
  model: z.string().nullish(),
  messages: z.array(z.unknown()).nullish(),
  completion_response: z.looseObject({}).nullish(),
})

/** `/spend/*` and `/global/*`: what was spent, from the ledger and its sums, LiteLLM-compatible. */
export function spendRoutes(deps: SpendRoutesDependencies): Route<Endpoint>[] {
  const context = new SubjectContext(deps)
  const { totals, spend, keys, subjects, settings, runtime } = deps
  const read = { permission: 'spend.read', body: null } as const
  const hasKey = (caller: Caller): boolean => caller.keyHash !== null

  const sums = (kind: SpenderKind, period: SpendPeriod, limit = 100): Promise<readonly SpenderSum[]> =>
    totals.sums({ kinds: [kind], ...period, limit })

  async function describeKeys(found: readonly SpenderSum[]) {
    return Promise.all(
      found.map(async (sum) => {
        const key = await keys.findByHash(sum.id)
        return {
          ...{
            token: sum.id,
            api_key: sum.id,
            key_alias: key?.keyAlias ?? null,
            key_name: key?.keyName ?? null,
          },
          ...{ user_id: key?.userId ?? null, team_id: key?.teamId ?? null },
          ...{ spend: toUsd(sum.spendNanoUsd), total_spend: toUsd(sum.spendNanoUsd) },
        }
      }),
    )
  }

  /** Somebody without the permission sees what their own user or key spent. */
  async function filterFor(
    query: URLSearchParams,
    caller: Caller | null,
  ): Promise<Omit<SpendQuery, 'limit'>> {
    const period = readPeriod(query)
    const apiKey = query.get('api_key')
    const wanted = {
      ...(period.since === null ? {} : { since: period.since }),
      ...(period.until === null ? {} : { until: period.until }),
      ...(apiKey === null ? {} : { keyHash: await hashOf(apiKey) }),
      ...pick('userId', query.get('user_id')),
      ...pick('teamId', query.get('team_id')),
      ...pick('requestId', query.get('request_id')),
    }
    const reach = await context.reach(caller, 'spend.read')
    if (reach.isAll) return wanted
    if (reach.userId !== null) return { ...wanted, userId: reach.userId }
    return { ...wanted, keyHash: caller?.keyHash ?? '' }
  }

  async function hashOf(apiKey: string): Promise<string> {
    if (!apiKey.startsWith('sk-')) return apiKey
    return (await deps.administration.find(apiKey)).tokenHash
  }

  async function logs(query: URLSearchParams, caller: Caller | null) {
    const filter = await filterFor(query, caller)
    const isSummary =
      query.get('start_date') !== null && query.get('end_date') !== null && query.get('summarize') !== 'false'
    const rows = await spend.listSpend({ ...filter, limit: isSummary ? mostRows : 1_000 })
    if (!isSummary) return rows.map(formatSpendLog)
    const isAll = filter.keyHash === undefined && filter.userId === undefined && filter.teamId === undefined
    return isAll ? summarizeSums(await dailySums(readPeriod(query))) : summarizeRows(rows)
  }

  const dailySums = (period: SpendPeriod): Promise<readonly DailySum[]> =>
    totals.daily({ kinds: ['proxy', 'user', 'model', 'key'], ...period })

  async function page(query: URLSearchParams, caller: Caller | null) {
    const filter = await filterFor(query, caller)
    const number = readCount(query, 'page', 1, Number.MAX_SAFE_INTEGER)
    const size = readCount(query, 'page_size', 50, 100)
    const [rows, total] = await Promise.all([
      spend.listSpend({ ...filter, limit: size, offset: (number - 1) * size }),
      spend.countSpend({ ...filter, limit: size }),
    ])
    const total_pages = Math.ceil(total / size)
    return { data: rows.map(formatSpendLog), total, page: number, page_size: size, total_pages }
  }

  function calculate(
    { model, messages, completion_response }: z.infer<typeof calculateSchema>,
    caller: Caller | null,
  ) {
    const name = model ?? (completion_response?.['model'] as string | undefined)
    if (name === undefined)
      throw new GatewayError('invalid_request', 'Give `model`, or a `completion_response` that has one.', {
        param: 'model',
      })
    const deployment = findPriced(runtime().routing, name, caller)
    const usage = completion_response == null ? promptUsage(messages ?? []) : readUsage(completion_response)
    const pico = deployment?.prices == null ? null : computeCost(deployment.prices, usage)
    return { cost: pico === null ? 0 : Number(pico) / picoPerUsd }
  }

  async function teamsByDay(period: SpendPeriod) {
    const [days, all] = await Promise.all([
      totals.daily({ kinds: ['team'], ...period }),
      sums('team', period),
    ])
    const names = await teamNames(all.map(({ id }) => id))
    const byDay = new Map<string, Record<string, unknown>>()
    for (const { day, id, spendNanoUsd } of days) {
      const entry = byDay.get(day) ?? { date: day }
      byDay.set(day, { ...entry, [names.get(id) ?? id]: toUsd(spendNanoUsd) })
    }
    return {
      daily_spend: [...byDay.values()],
      teams: all.map(({ id }) => names.get(id) ?? id),
      total_spend_per_team: all.map(({ id, spendNanoUsd }) => ({
        ...{ team_id: names.get(id) ?? id, total_spend: toUsd(spendNanoUsd) },
      })),
    }
  }

  async function teamNames(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const teams = await subjects.findMany('team', ids)
    return new Map(teams.map(({ id, alias }) => [id, alias ?? id]))
  }

  async function report(query: URLSearchParams) {
    const period = readPeriod(query)
    const by = query.get('group_by') ?? 'team'
    if (by === 'api_key') {
      return (await sums('key', period, 1_000)).map((sum) => ({
        api_key: sum.id,
        total_cost: toUsd(sum.spendNanoUsd),
        total_input_tokens: sum.inputTokens,
        total_output_tokens: sum.outputTokens,
      }))
    }
    if (by !== 'team' && by !== 'customer')
      throw new GatewayError('invalid_request', '`group_by` must be team, customer or api_key.', {
        param: 'group_by',
      })
    const days = await totals.daily({ kinds: [by], ...period })
    const names =
      by === 'team' ? await teamNames([...new Set(days.map(({ id }) => id))]) : new Map<string, string>()
    return groupByDay(days).map(([day, entries]) => ({
      group_by_day: day,
      [`${by}s`]: entries.map((sum) => ({
        ...(by === 'team' ? { team_name: names.get(sum.id) ?? sum.id } : { customer: sum.id }),
        total_spend: toUsd(sum.spendNanoUsd),
        total_tokens: sum.inputTokens + sum.outputTokens,
      })),
    }))
  }

  async function activity(query: URLSearchParams) {
    return describeActivity(await totals.daily({ kinds: ['proxy'], ...readPeriod(query) }))
  }

  async function modelActivity(query: URLSearchParams) {
    const days = await totals.daily({ kinds: ['model'], ...readPeriod(query) })
    const models = new Map<string, DailySum[]>()
    for (const day of days) models.set(day.id, [...(models.get(day.id) ?? []), day])
    return [...models].map(([model, of]) => ({ model, ...describeActivity(of) }))
  }

  async function exceptions(query: URLSearchParams) {
    const days = await totals.daily({ kinds: ['proxy'], ...readPeriod(query) })
    return {
      daily_data: days.map(({ day, failed }) => ({ date: day, num_exceptions: failed })),
      sum_num_exceptions: days.reduce((sum, { failed }) => sum + failed, 0),
    }
  }

  return [
    context.route('GET', '/spend/keys', {
      ...read,
      answer: async ({ query }) => ({
        body: await describeKeys(await sums('key', allTime, readCount(query, 'limit', 100, 1_000))),
      }),
    }),
    context.route('GET', '/spend/users', {
      ...read,
      answer: async ({ query }) => {
        const userId = query.get('user_id')
        const ids = userId === null ? {} : { ids: [userId] }
        const found = await totals.sums({ kinds: ['user'], ...allTime, ...ids, limit: 1_000 })
        return { body: found.map(({ id, spendNanoUsd }) => ({ user_id: id, spend: toUsd(spendNanoUsd) })) }
      },
    }),
    context.route('GET', '/spend/tags', {
      ...read,
      answer: async ({ query }) => ({
        body: (await sums('tag', readPeriod(query), 1_000)).map(({ id, requests, spendNanoUsd }) => ({
          ...{ individual_request_tag: id, log_count: requests },
          ...{ total_spend: toUsd(spendNanoUsd), spend: toUsd(spendNanoUsd) },
        })),
      }),
    }),
    context.route('GET', '/spend/logs', {
      ...read,
      alsoAdmits: hasKey,
      answer: async ({ query, caller }) => ({ body: await logs(query, caller) }),
    }),
    context.route('GET', '/spend/logs/v2', {
      ...read,
      alsoAdmits: hasKey,
      answer: async ({ query, caller }) => ({ body: await page(query, caller) }),
    }),
    context.route('POST', '/spend/calculate', {
      permission: 'spend.read',
      alsoAdmits: hasKey,
      body: calculateSchema,
      answer: ({ body, caller }) => ({ body: calculate(body, caller) }),
    }),
    context.route('GET', '/global/spend', {
      ...read,
      answer: async () => {
        const nano = await totals.spentSince('proxy', '', null)
        return { body: { spend: toUsd(nano), max_budget: settings().maxBudgetUsd ?? 0 } }
      },
    }),
    context.route('GET', '/global/spend/keys', {
      ...read,
      answer: async ({ query }) => ({
        body: await describeKeys(
          await sums('key', lastMonth(deps.now()), readCount(query, 'limit', 10, 1_000)),
        ),
      }),
    }),
    context.route('GET', '/global/spend/teams', {
      ...read,
      answer: async () => ({ body: await teamsByDay(lastMonth(deps.now())) }),
    }),
    context.route('GET', '/global/spend/models', {
      ...read,
      answer: async ({ query }) => ({
        body: (await sums('model', lastMonth(deps.now()), readCount(query, 'limit', 10, 1_000))).map(
          ({ id, spendNanoUsd }) => ({ model: id, total_spend: toUsd(spendNanoUsd) }),
        ),
      }),
    }),
    context.route('GET', '/global/spend/tags', {
      ...read,
      answer: async ({ query }) => ({
        body: {
          spend_per_tag: (await sums('tag', readPeriod(query), 1_000)).map(
            ({ id, requests, spendNanoUsd }) => ({
              ...{ name: id, spend: toUsd(spendNanoUsd), log_count: requests },
            }),
          ),
        },
      }),
    }),
    context.route('GET', '/global/spend/logs', {
      ...read,
      answer: async ({ query }) => {
        const key = query.get('api_key')
        const of = key === null ? {} : { ids: [await hashOf(key)] }
        const kinds: SpenderKind[] = [key === null ? 'proxy' : 'key']
        const days = await totals.daily({ kinds, ...of, ...lastMonth(deps.now()) })
        return { body: days.map(({ day, spendNanoUsd }) => ({ date: day, spend: toUsd(spendNanoUsd) })) }
      },
    }),
    context.route('GET', '/global/spend/report', {
      ...read,
      answer: async ({ query }) => ({ body: await report(query) }),
    }),
    context.route('GET', '/global/activity', {
      ...read,
      answer: async ({ query }) => ({ body: await activity(query) }),
    }),
    context.route('GET', '/global/activity/model', {
      ...read,
      answer: async ({ query }) => ({ body: await modelActivity(query) }),
    }),
    context.route('GET', '/global/activity/exceptions', {
      ...read,
      answer: async ({ query }) => ({ body: await exceptions(query) }),
    }),
  ]
}

const allTime: SpendPeriod = { since: null, until: null }

const lastMonth = (now: number): SpendPeriod => ({ since: now - 30 * dayMs, until: null })

/** `start_date` and `end_date`, days in UTC, the last one included. Errors: 400 for what is no date. */
function readPeriod(query: URLSearchParams): SpendPeriod {
  const read = (name: string): number | null => {
    const text = query.get(name)
    if (text === null || text === '') return null
    const time = Date.parse(/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text)
    if (!Number.isNaN(time)) return time
    throw new GatewayError('invalid_request', `\`${name}\` must be a date such as 2026-01-31.`, {
      param: name,
    })
  }
  const end = read('end_date')
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(query.get('end_date') ?? '')
  return { since: read('start_date'), until: end === null ? null : isDay ? end + dayMs : end }
}

const pick = (name: string, value: string | null): Record<string, string> =>
  value === null || value === '' ? {} : { [name]: value }

interface DaySummary {
  readonly startTime: string
  spend: number
  readonly users: Record<string, number>
  readonly models: Record<string, number>
  readonly api_key: Record<string, number>
}

function summarizeSums(days: readonly DailySum[]): readonly DaySummary[] {
  return groupByDay(days).map(([day, sums]) => {
    const of = (kind: SpenderKind): Record<string, number> =>
      Object.fromEntries(
        sums.filter((sum) => sum.kind === kind).map(({ id, spendNanoUsd }) => [id, toUsd(spendNanoUsd)]),
      )
    return {
      startTime: day,
      spend: of('proxy')[''] ?? 0,
      users: of('user'),
      models: of('model'),
      api_key: of('key'),
    }
  })
}

function summarizeRows(rows: readonly SpendRow[]): readonly DaySummary[] {
  const days = new Map<string, DaySummary>()
  for (const row of rows) {
    const day = new Date(row.startedAt).toISOString().slice(0, 10)
    const summary = days.get(day) ?? { startTime: day, spend: 0, users: {}, models: {}, api_key: {} }
    days.set(day, summary)
    const usd = toUsd(row.costNanoUsd)
    summary.spend += usd
    add(summary.users, row.userId, usd)
    add(summary.models, row.modelGroup ?? row.requestedModel, usd)
    add(summary.api_key, row.keyHash, usd)
  }
  return [...days.values()].sort((left, right) => left.startTime.localeCompare(right.startTime))
}

function add(sums: Record<string, number>, name: string | null, usd: number): void {
  if (name !== null) sums[name] = (sums[name] ?? 0) + usd
}

function groupByDay(days: readonly DailySum[]): [day: string, sums: DailySum[]][] {
  const groups = new Map<string, DailySum[]>()
  for (const sum of days) groups.set(sum.day, [...(groups.get(sum.day) ?? []), sum])
  return [...groups]
}

function describeActivity(days: readonly DailySum[]) {
  const tokensOf = ({ inputTokens, outputTokens }: DailySum): number => inputTokens + outputTokens
  return {
    daily_data: days.map((day) => ({
      date: day.day,
      api_requests: day.requests,
      total_tokens: tokensOf(day),
    })),
    sum_api_requests: days.reduce((sum, { requests }) => sum + requests, 0),
    sum_total_tokens: days.reduce((sum, day) => sum + tokensOf(day), 0),
  }
}

/** A prompt that was not sent, as its length says. */
const promptUsage = (messages: readonly unknown[]): Usage => ({
  ...zeroUsage,
  inputTokens: estimateInputTokens(Buffer.byteLength(JSON.stringify(messages))),
})

function readUsage(response: Readonly<Record<string, unknown>>): Usage {
  const usage = (response['usage'] ?? {}) as Readonly<Record<string, unknown>>
  const read = (name: string): number => (typeof usage[name] === 'number' ? usage[name] : 0)
  return { ...zeroUsage, inputTokens: read('prompt_tokens'), outputTokens: read('completion_tokens') }
}
