import { createHash } from 'node:crypto'

const plain = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\/[a-z0-9]+(?:-[a-z0-9]+)*)?$/

/**
 * The name of a skill in an address: without slash, ASCII. Plain names keep theirs (`owner/skill` becomes
 * `owner--skill`, which no plain name is); others end in six digits of their own, so that two never meet.
 */
export function slugOf(name: string): string {
  if (plain.test(name)) return name.replace('/', '--')
  const readable = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const own = createHash('sha256').update(name).digest('hex').slice(0, 6)
  return `${readable === '' ? 'skill' : readable}-${own}`
}
