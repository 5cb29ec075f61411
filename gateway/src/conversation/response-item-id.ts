const responsePrefix = 'resp_'
/** 32 hex digits of the response, three of the place; the ids providers make are longer or shorter. */
const itemId = /^[a-z]+_([0-9a-f]{32})([0-9a-f]{3})$/

/** The id of the item at `index` of a response the gateway makes; it tells where the item is to be found. */
export function formatItemId(responseId: string, prefix: string, index: number): string {
  return `${prefix}_${responseId.slice(responsePrefix.length)}${index.toString(16).padStart(3, '0')}`
}

/** Where an item of a response that the gateway made is to be found; null for any other id. */
export function locateItem(id: string): { readonly responseId: string; readonly index: number } | null {
  const match = itemId.exec(id)
  return match === null
    ? null
    : { responseId: responsePrefix + match[1], index: Number.parseInt(match[2] ?? '', 16) }
}
