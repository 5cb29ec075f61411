import type { Block } from './encoding.ts'

/** The limit on prompt-cache marks in one request. */
const maxMarks = 4

/** Removes the oldest marks beyond the limit from lists in the order the model reads them. */
export function limitCachePoints(lists: readonly Block[][]): void {
  const isMark = (block: Block): boolean => block['cachePoint'] !== undefined
  let surplus = lists.reduce((count, list) => count + list.filter(isMark).length, -maxMarks)
  for (const list of lists) {
    for (let at = 0; at < list.length && surplus > 0; at++) {
      if (!isMark(list[at] as Block)) continue
      list.splice(at--, 1)
      surplus--
    }
  }
}
