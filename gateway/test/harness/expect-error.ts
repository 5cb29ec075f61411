import { expect } from 'vitest'
import type { Answer } from './call-gateway.ts'

export interface ExpectedError {
  readonly status: number
  readonly type: string
  readonly code: string
  readonly param?: string | null
  /** Text that the message holds, or a pattern. */
  readonly message?: string | RegExp
  /** `gateway` unless told. */
  readonly origin?: 'gateway' | 'upstream'
}

/** The answer is this error in the OpenAI envelope with all four members, and carries the headers of every error. */
export function expectError(answer: Omit<Answer, 'json'>, expected: ExpectedError): void {
  expect({ status: answer.status, text: answer.text }).toMatchObject({ status: expected.status })
  const { error } = JSON.parse(answer.text) as { error: Record<string, unknown> }
  expect(error).toMatchObject({ type: expected.type, code: expected.code })
  expect(Object.keys(error)).toEqual(expect.arrayContaining(['message', 'type', 'param', 'code']))
  expect(error['message']).toEqual(expect.stringMatching(/\S/))
  if (expected.param !== undefined) expect(error['param']).toBe(expected.param)
  if (typeof expected.message === 'string') expect(error['message']).toContain(expected.message)
  else if (expected.message !== undefined) expect(error['message']).toMatch(expected.message)
  expectErrorHeaders(answer, expected.origin ?? 'gateway')
}

/** What every error answer carries, whatever its body. */
export function expectErrorHeaders(answer: Pick<Answer, 'headers'>, origin: 'gateway' | 'upstream'): void {
  expect(answer.headers['x-routeiq-error-origin']).toBe(origin)
  expect(answer.headers['x-request-id']).toMatch(/^[A-Za-z0-9\-_.]{1,128}$/)
  expect(answer.headers['content-type']).toContain('application/json')
}
