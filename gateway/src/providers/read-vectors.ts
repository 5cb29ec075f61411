/** A list of lists of numbers, null for anything else. Only the first number of each is looked at: they are long. */
export function readVectors(value: unknown): readonly (readonly number[])[] | null {
  if (!Array.isArray(value)) return null
  const isVector = (item: unknown): boolean => Array.isArray(item) && typeof item[0] === 'number'
  return value.every(isVector) ? (value as readonly (readonly number[])[]) : null
}
