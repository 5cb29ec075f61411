import { isDeepStrictEqual } from 'node:util'
import type { CodeLanguage } from '../../injection/code-tool.ts'
import { judgeInstructions, readMarks } from '../../model-routing/judging/judge-marks.ts'
import { NamespaceSandbox } from '../../skills/sandbox/namespace-sandbox.ts'
import { callGateway, type GatewayAccess } from './gateway-access.ts'

/** One prompt, and what a right answer to it is, where that can be said. */
export interface ProbePrompt {
  readonly id: string
  readonly task: string | null
  readonly prompt: string
  /** Text, or JSON, by what checks it. */
  readonly answer: unknown
  /** A program that follows the code of an answer, and ends well where the code is right; null for none. */
  readonly tests: string | null
}

/** How good an answer is, 0 to 1; null where nobody can say. */
interface Verdict {
  readonly score: number | null
  /** USD that judging cost. */
  readonly costUsd: number
}

export type CheckAnswer = (prompt: ProbePrompt, answer: string) => Verdict | Promise<Verdict>

/** By what `--check` calls them, beside `tests`. */
export const checks: Readonly<Record<string, CheckAnswer>> = {
  /** The answer is the right one, or ends in it on a line of its own, apart from case, blanks and a full stop. */
  exact: ({ answer: right }, answer) => {
    const wanted = plain(String(right ?? ''))
    const last = answer.trim().split('\n').at(-1) ?? ''
    return verdict(wanted === '' ? null : [plain(answer), plain(last)].includes(wanted))
  },
  /** The answer is JSON, and the right one where there is one. */
  json: ({ answer: right }, answer) => {
    const fenced = /^```(?:json)?\s*([\s\S]*?)\s*```$/.exec(answer.trim())?.[1] ?? answer
    try {
      const value: unknown = JSON.parse(fenced)
      return verdict(right === null || isDeepStrictEqual(value, right))
    } catch {
      return verdict(false)
    }
  },
}

function verdict(isRight: boolean | null): Verdict {
  return { score: isRight === null ? null : Number(isRight), costUsd: 0 }
}

function plain(text: string): string {
  return text.trim().toLowerCase().replaceAll(/\s+/g, ' ').replace(/\.$/, '')
}

/** Has a model say it: the mean of three marks from 1 to 5, as a share of 5. What it says that cannot be read counts as nothing. */
export function createJudge(access: GatewayAccess, model: string): CheckAnswer {
  return async ({ prompt, answer: right }, answer) => {
    const reference =
      right === null ? '' : `\n\nA right answer: ${typeof right === 'string' ? right : JSON.stringify(right)}`
    const { json, headers } = await callGateway(access, '/v1/chat/completions', {
      ...{ model, temperature: 0 },
      messages: [
        { role: 'system', content: judgeInstructions },
        { role: 'user', content: `Request: ${prompt}${reference}\n\nAnswer: ${answer}` },
      ],
    })
    const said = (json as { choices: readonly { message: { content: string | null } }[] }).choices[0]
    return {
      score: readMarks(said?.message.content ?? ''),
      costUsd: Number(headers.get('x-litellm-response-cost') ?? 0) || 0,
    }
  }
}

const languages: Readonly<Record<string, CodeLanguage>> = {
  ...{ python: 'python', py: 'python', python3: 'python' },
  ...{ javascript: 'javascript', js: 'javascript', node: 'javascript' },
  ...{ bash: 'bash', sh: 'bash' },
}
const testsMs = 10_000

/**
 * Runs the code of an answer with the tests of its prompt behind it, where programs can do no harm. Errors: rejects where this machine
 * has no such place.
 */
export async function createTests(env: Readonly<Record<string, string | undefined>>): Promise<CheckAnswer> {
  const nowhere = (): never => {
    throw new Error('tests have no skills')
  }
  const sandbox = new NamespaceSandbox({
    node: process.execPath,
    env,
    readVersion: nowhere,
    readFiles: nowhere,
  })
  const refusal = await sandbox.refuse()
  if (refusal !== null) throw new Error(refusal)
  return async ({ tests }, answer) => {
    if (tests === null) return verdict(null)
    const found = readCode(answer)
    if (found === null) return verdict(false)
    const { status, exitCode } = await sandbox.run({
      ...{ workspaceId: '', skills: [], language: found.language, code: `${found.code}\n${tests}\n` },
      ...{ timeoutMs: testsMs, signal: new AbortController().signal },
    })
    return verdict(status === 'ok' && exitCode === 0)
  }
}

/** The last fenced block, Python unless it says otherwise; without any the answer itself. Null for a language nobody runs. */
function readCode(answer: string): { readonly language: CodeLanguage; readonly code: string } | null {
  const blocks = [...answer.matchAll(/```([\w+-]*)[^\n]*\n([\s\S]*?)```/g)]
  const [, name = '', code = answer] = blocks.at(-1) ?? []
  const language = name === '' ? 'python' : languages[name.toLowerCase()]
  return language === undefined ? null : { language, code }
}
