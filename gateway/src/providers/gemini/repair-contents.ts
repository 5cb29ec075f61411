import { isSealed } from '../../conversation/blob-sealer.ts'
import { type JsonRecord, readList, readRecord, readText } from '../../conversation/json-value.ts'
import { placeholderSignature } from '../../conversation/thought-call-id.ts'
import type { ModelFacts } from './model-facts.ts'

/**
 * The contents of a client of this dialect whose history another provider's model has written in: thinking in an
 * envelope goes, for it would be taken for a forged signature, and calls without a signature get the placeholder where
 * one is needed. Null when nothing must change, which is the rule.
 */
export function repairContents(contents: unknown, facts: ModelFacts): unknown[] | null {
  const list = readList(contents)
  let repaired: unknown[] | null = null
  for (let index = 0; index < list.length; index++) {
    const content = readRecord(list[index])
    if (content?.['role'] !== 'model') continue
    const parts = repairParts(readList(content['parts']), facts)
    if (parts === null) continue
    repaired ??= [...list]
    repaired[index] = { ...content, parts }
  }
  return repaired?.filter(hasParts) ?? null
}

function hasParts(content: unknown): boolean {
  const parts = readRecord(content)?.['parts']
  return !Array.isArray(parts) || parts.length > 0
}

function repairParts(parts: readonly unknown[], { needsThoughtSignatures }: ModelFacts): unknown[] | null {
  const isForeign = parts.some(isForeignThought)
  const firstCall = needsThoughtSignatures ? parts.findIndex(isCall) : -1
  const lacksSignature = firstCall !== -1 && signatureOf(readRecord(parts[firstCall])) === null
  if (!isForeign && !lacksSignature) return null
  return parts
    .map((part, index) =>
      lacksSignature && index === firstCall
        ? { ...readRecord(part), thoughtSignature: placeholderSignature }
        : part,
    )
    .filter((part) => !isForeignThought(part))
}

function isCall(part: unknown): boolean {
  const record = readRecord(part)
  return readRecord(record?.['functionCall'] ?? record?.['function_call']) !== null
}

function isForeignThought(value: unknown): boolean {
  const part = readRecord(value)
  const signature = part?.['thought'] === true ? signatureOf(part) : null
  return signature !== null && isSealed(Buffer.from(signature, 'base64').toString('latin1'))
}

function signatureOf(part: JsonRecord | null): string | null {
  return readText(part?.['thoughtSignature'] ?? part?.['thought_signature'])
}
