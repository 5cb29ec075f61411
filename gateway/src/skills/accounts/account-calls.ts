import { randomBytes } from 'node:crypto'
import { parseJson, readRecord, readText } from '../../conversation/json-value.ts'
import { decodeError } from '../../providers/anthropic/decode-error.ts'
import type { UpstreamFailure } from '../../providers/failure.ts'
import { Attempt } from '../../relay/attempt.ts'
import type { Transport, UpstreamRequest } from '../../transport/transport.ts'
import type { ProviderCopy } from './provider-copy-store.ts'
import type { SkillAccount } from './skill-account.ts'

/** A file of a skill, its path below the skill's directory. */
export interface CopiedFile {
  readonly path: string
  readonly content: Uint8Array
}

const timeoutMs = 60_000
const maxAnswerBytes = 1_048_576

/**
 * Uploads a skill to an account of Anthropic, in the form of the beta, which every version of its API takes. Titles must
 * differ within an account, and say nothing to those who list it.
 */
export async function uploadSkill(
  transport: Transport,
  account: SkillAccount,
  directory: string,
  files: readonly CopiedFile[],
): Promise<ProviderCopy | UpstreamFailure> {
  const boundary = `routeiq-${randomBytes(16).toString('hex')}`
  const body = writeForm(boundary, `RouteIQ ${randomBytes(12).toString('hex')}`, directory, files)
  const headers = ['content-type', `multipart/form-data; boundary=${boundary}`]
  const answer = await callAccount(transport, account, 'POST', '', { headers, body })
  if ('kind' in answer) return answer
  const skill = readRecord(parseJson(answer.text))
  const [id, version] = [readText(skill?.['id']), readText(skill?.['latest_version'])]
  if (id === null) return unreadable
  return { providerSkillId: id, providerVersion: version ?? '' }
}

/** Deletes a copy: its version first, as the beta demands. Null when it is gone, whoever removed it. */
export async function deleteSkill(
  transport: Transport,
  account: SkillAccount,
  { providerSkillId, providerVersion }: ProviderCopy,
): Promise<UpstreamFailure | null> {
  const path = `/${encodeURIComponent(providerSkillId)}`
  const nothing = { headers: [], body: null }
  if (providerVersion !== '')
    await callAccount(
      transport,
      account,
      'DELETE',
      `${path}/versions/${encodeURIComponent(providerVersion)}`,
      nothing,
    )
  const answer = await callAccount(transport, account, 'DELETE', path, nothing)
  return 'kind' in answer && answer.status !== 404 ? answer : null
}

const unreadable: UpstreamFailure = {
  kind: 'server_error',
  status: 200,
  message: 'The answer has no id of a skill.',
  retryAfterMs: null,
  providerFields: null,
}

async function callAccount(
  transport: Transport,
  { origin, path, headers, authorization }: SkillAccount,
  method: UpstreamRequest['method'],
  below: string,
  { headers: own, body }: { readonly headers: readonly string[]; readonly body: Buffer | null },
): Promise<{ readonly text: string } | UpstreamFailure> {
  const attempt = new Attempt(
    {
      ...{ origin, method, path: path + below, authorization, body },
      headers: [...withBeta(headers), ...own],
    },
    {
      transport,
      timeoutMs,
      idleTimeoutMs: timeoutMs,
      maxResponseBytes: maxAnswerBytes,
      relay: null,
      readReply: (answer) => ({ body: answer, usage: null }),
      decodeError,
    },
  )
  const result = await attempt.result
  if (result.kind === 'failure') return result.failure
  return { text: result.kind === 'reply' ? String(result.reply.body) : '' }
}

function withBeta(headers: readonly string[]): readonly string[] {
  const at = headers.indexOf('anthropic-beta')
  if (at === -1) return [...headers, 'anthropic-beta', 'skills-2025-10-02']
  return headers.with(at + 1, `${headers[at + 1]},skills-2025-10-02`)
}

function writeForm(boundary: string, title: string, directory: string, files: readonly CopiedFile[]): Buffer {
  const head = (disposition: string): Buffer =>
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`)
  const parts = files.flatMap(({ path, content }) => {
    const name = `${directory}/${path}`.replaceAll('"', '%22')
    return [
      head(`name="files[]"; filename="${name}"`),
      Buffer.from('Content-Type: application/octet-stream\r\n\r\n'),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]
  })
  const field = [head('name="display_title"'), Buffer.from(`\r\n${title}\r\n`)]
  return Buffer.concat([...field, ...parts, Buffer.from(`--${boundary}--\r\n`)])
}
