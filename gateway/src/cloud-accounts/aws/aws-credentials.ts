import { parseJson, readRecord, readText } from '../../conversation/json-value.ts'

/** What a request to AWS is signed with. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Null for keys that do not expire. */
  readonly sessionToken: string | null
}

/** Credentials as the text a grant hands on. */
export function formatCredentials(credentials: AwsCredentials): string {
  return JSON.stringify(credentials)
}

/** The same back. Errors: throws an Error for any other text. */
export function parseCredentials(text: string): AwsCredentials {
  const record = readRecord(parseJson(text))
  const accessKeyId = readText(record?.['accessKeyId'])
  const secretAccessKey = readText(record?.['secretAccessKey'])
  if (accessKeyId === null || secretAccessKey === null) throw new Error('these are no AWS credentials')
  return { accessKeyId, secretAccessKey, sessionToken: readText(record?.['sessionToken']) }
}
