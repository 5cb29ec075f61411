import { defineCommand, type SkillsContext } from '../command.ts'
import { readLock } from '../disk/checkout-state.ts'
import { formatTable } from '../format-table.ts'
import { CommandFailure, type Json } from '../gateway-client.ts'

interface Check {
  readonly check: string
  readonly state: 'ok' | 'warning' | 'failed'
  readonly detail: string
}

export const doctor = defineCommand({
  usage: '',
  summary: 'why skills do not arrive: address, key, catalogue, routing, one after the other',
  arity: [0, 0],
  options: { agent: { type: 'string' } },
  async run(context, { values }) {
    const checks: Check[] = []
    let exitCode = 0
    for (const [check, run] of checksOf(context, values.agent)) {
      try {
        checks.push({ check, ...(await run()) })
      } catch (error) {
        if (!(error instanceof CommandFailure)) throw error
        checks.push({ check, state: 'failed', detail: error.message })
        exitCode = exitCode === 0 ? error.exitCode : exitCode
        // Without an answer or a key nothing that follows can work.
        if (error.exitCode > 2) break
      }
    }
    context.show({ base_url: context.gateway.baseUrl, checks }, () =>
      formatTable(
        ['CHECK', 'STATE', ''],
        checks.map(({ check, state, detail }) => [check, state, detail]),
      ),
    )
    return exitCode
  },
})

type Finding = Omit<Check, 'check'>

function checksOf(
  { gateway, directory }: SkillsContext,
  agent: string | undefined,
): readonly [string, () => Promise<Finding>][] {
  return [
    [
      'address',
      async () => ({
        state: 'ok',
        detail: `${gateway.baseUrl}: ${(await gateway.get('/health'))['status'] ?? 'answers'}`,
      }),
    ],
    ['key', async () => judgeKey(await gateway.get('/api/v1/auth/verify'))],
    [
      'catalogue',
      async () =>
        judgeMenu(
          await gateway.get('/api/v1/skills/menu', { agent_name: agent, include_attachments: false }),
        ),
    ],
    ['routing', async () => judgeHealth(await gateway.get('/api/v1/router/health'))],
    ['disk', async () => judgeDisk(directory)],
  ]
}

const judgeKey = (answer: Json): Finding => ({
  state: 'ok',
  detail: `workspace ${answer['workspace_id']}, ${answer['scope']}`,
})

function judgeMenu(answer: Json): Finding {
  const { rows_total: rows, degraded_reason: degraded } = answer as {
    rows_total?: number
    degraded_reason?: string
  }
  if (degraded !== undefined) return { state: 'warning', detail: `degraded: ${degraded}` }
  if (rows === 0)
    return { state: 'warning', detail: 'no skill is on offer; `routeiq skills list` shows those that exist' }
  return { state: 'ok', detail: `${rows} skills on offer` }
}

function judgeHealth(answer: Json): Finding {
  const { status, degraded } = answer as { status?: string; degraded?: Readonly<Record<string, number>> }
  const reasons = Object.entries(degraded ?? {}).filter(([, count]) => count > 0)
  if (reasons.length > 0)
    return { state: 'warning', detail: reasons.map(([reason, count]) => `${reason}: ${count}`).join(', ') }
  return { state: 'ok', detail: status ?? 'healthy' }
}

async function judgeDisk(directory: string): Promise<Finding> {
  const lock = readLock(directory)
  const runtime =
    process.env['CLAUDECODE'] ?? process.env['CLAUDE_CODE_ENTRYPOINT'] ?? process.env['CURSOR_AGENT']
  const count = Object.keys(lock?.skills ?? {}).length
  if (runtime !== undefined && count > 0)
    return {
      state: 'warning',
      detail: `this runtime loads ${count} exported skills from disk; routing to it as well would show each one twice`,
    }
  return { state: 'ok', detail: count === 0 ? 'nothing exported here' : `${count} exported skills` }
}
