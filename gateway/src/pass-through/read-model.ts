import { parseJson, readRecord, readText } from '../conversation/json-value.ts'

const inPath = /\/(?:models|deployments|model)\/([^/:?]+)/

/** The model a raw call is for: what its JSON body says, else what its path says; null when neither does. */
export function readModel(body: Buffer, path: string): string | null {
  const first = body.find((octet) => octet > 0x20)
  const named = first === 0x7b ? readText(readRecord(parseJson(body.toString('utf8')))?.['model']) : null
  if (named !== null) return named
  const match = inPath.exec(path)?.[1]
  if (match === undefined) return null
  try {
    return decodeURIComponent(match)
  } catch {
    return match
  }
}
