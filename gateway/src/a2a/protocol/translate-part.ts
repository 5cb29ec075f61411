import { type JsonRecord, readRecord } from '../../conversation/json-value.ts'
import { type Shape, type Translation, translateMembers } from './translate-members.ts'

/** In the metadata of a data part of 0.3, which takes objects alone: its `value` is what 1.0 had as `data`. */
const wrapped = 'data_part_compat'

/** A part: `kind` tells what it is in 0.3, in 1.0 the member that holds its content. */
export function translatePart(part: JsonRecord, to: Translation): JsonRecord {
  return to.direction === 'up' ? translateUp(part, to) : translateDown(part, to)
}

const names = (...known: string[]): Shape['members'] => Object.fromEntries(known.map((name) => [name, null]))

function translateUp(part: JsonRecord, to: Translation): JsonRecord {
  if (part['kind'] === 'file') {
    const { file, ...rest } = part
    const { bytes, uri, mimeType, name, ...unknown } = readRecord(file) ?? {}
    const content = bytes === undefined ? { url: uri ?? '' } : { raw: bytes }
    const flat = {
      ...rest,
      ...unknown,
      ...content,
      ...(mimeType === undefined ? {} : { mediaType: mimeType }),
      ...(name === undefined ? {} : { filename: name }),
    }
    return translateMembers(flat, to, { kind: null, members: names('raw', 'url', 'mediaType', 'filename') })
  }
  const { data, ...rest } = part
  const metadata = readRecord(part['metadata'])
  if (metadata?.[wrapped] === true) {
    const { [wrapped]: _, ...own } = metadata
    const unwrapped = { ...rest, data: readRecord(data)?.['value'], metadata: own }
    return withoutEmptyMetadata(translateMembers(unwrapped, to, { kind: null, members: names('data') }))
  }
  return translateMembers(part, to, { kind: null, members: names('text', 'data') })
}

function translateDown(part: JsonRecord, to: Translation): JsonRecord {
  if ('raw' in part || 'url' in part) {
    const { raw, url, mediaType, filename, ...rest } = part
    const file = {
      ...(raw === undefined ? { uri: url } : { bytes: raw }),
      ...(mediaType === undefined || mediaType === '' ? {} : { mimeType: mediaType }),
      ...(filename === undefined || filename === '' ? {} : { name: filename }),
    }
    return translateMembers({ ...rest, file }, to, { kind: 'file', members: names('file') })
  }
  if (!('data' in part)) {
    return translateMembers({ text: '', ...part }, to, { kind: 'text', members: names('text') })
  }
  const isObject = readRecord(part['data']) !== null
  const data = isObject ? part['data'] : { value: part['data'] }
  const metadata = isObject ? part['metadata'] : { ...readRecord(part['metadata']), [wrapped]: true }
  const whole = { ...part, data, ...(metadata === undefined ? {} : { metadata }) }
  return translateMembers(whole, to, { kind: 'data', members: names('data') })
}

function withoutEmptyMetadata({ metadata, ...part }: JsonRecord): JsonRecord {
  return Object.keys(readRecord(metadata) ?? {}).length === 0 ? part : { ...part, metadata }
}
