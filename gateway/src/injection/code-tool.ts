import type { FunctionTool } from '../conversation/request.ts'
import type { CodeOutcome } from './code-sandbox.ts'
import { readArgument } from './load-skill-tool.ts'

/** The tool's usual name, and the one it gets when the caller has a tool of that name. */
export const codeToolNames = ['routeiq_code_execution', 'routeiq_run_code'] as const

const codeLanguages = ['python', 'javascript', 'bash'] as const
export type CodeLanguage = (typeof codeLanguages)[number]

/** A constant but for its name, so that prompts with it can be cached. */
export function codeTool(name: string): FunctionTool {
  return {
    type: 'function',
    name,
    description:
      'Runs a program and returns what it printed and its exit code. The files of a skill lie in "/skills/<name>/" and can ' +
      'be read and run, not changed. The working folder is empty and can be written to; nothing in it is left for the ' +
      'next call. There is no network. Print what you need to see.',
    parameters: {
      type: 'object',
      properties: {
        code: { type: 'string', description: 'The whole program.' },
        language: { type: 'string', enum: codeLanguages, description: 'What it is written in.' },
      },
      required: ['code', 'language'],
      additionalProperties: false,
    },
    strict: null,
  }
}

export interface CodeCall {
  readonly code: string
  readonly language: CodeLanguage
}

/** What a call of the tool wants run, or what is wrong with it. */
export function readCodeCall(argumentsText: string): CodeCall | string {
  const code = readArgument(argumentsText, 'code')
  if (code === null) return 'Nothing was run: "code" must be the text of a program.'
  const named = readArgument(argumentsText, 'language') ?? ''
  const language = codeLanguages.find((known) => known === named)
  if (language === undefined) return `Nothing was run: "language" must be one of ${codeLanguages.join(', ')}.`
  return { code, language }
}

/** A finished program as the model is told of it. */
export function renderOutcome({ status, exitCode, output }: CodeOutcome): string {
  const head = status === 'ok' ? `Exit code: ${exitCode}` : endings[status]
  return output === '' ? `${head}\n(no output)` : `${head}\n\n${output}`
}

const endings: Readonly<Record<Exclude<CodeOutcome['status'], 'ok'>, string>> = {
  timeout: 'It took too long and was ended.',
  exceeded: 'It took more memory, processes or output than it may, and was ended.',
  died: 'It ended without an exit code.',
}
