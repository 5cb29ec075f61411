type Json = Readonly<Record<string, unknown>>

/**
 * Removes what a path names: `a.b`, `tools[*].strict`, `messages[0].name`. Copies only the objects on the way;
 * returns the same object when the path leads nowhere. The syntax is that of LiteLLM's `additional_drop_params`.
 */
export function removePath(body: Json, path: string): Json {
  const steps = path.match(/[^.[\]]+|\[[^\]]*\]/g) ?? []
  return removeStep(body, steps, 0) as Json
}

function removeStep(value: unknown, steps: readonly string[], depth: number): unknown {
  const step = steps[depth]
  if (step === undefined || typeof value !== 'object' || value === null) return value
  const isLast = depth === steps.length - 1
  if (step.startsWith('[')) {
    return Array.isArray(value) ? removeInArray(value, step.slice(1, -1), isLast, steps, depth) : value
  }
  const record = value as Json
  if (!Object.hasOwn(record, step)) return value
  if (isLast) {
    const { [step]: _, ...rest } = record
    return rest
  }
  const changed = removeStep(record[step], steps, depth + 1)
  return changed === record[step] ? value : { ...record, [step]: changed }
}

function removeInArray(
  items: readonly unknown[],
  selector: string,
  isLast: boolean,
  steps: readonly string[],
  depth: number,
): readonly unknown[] {
  const selects = (index: number): boolean => selector === '*' || selector === String(index)
  if (isLast)
    return items.some((_, index) => selects(index)) ? items.filter((_, index) => !selects(index)) : items
  const changed = items.map((item, index) => (selects(index) ? removeStep(item, steps, depth + 1) : item))
  return changed.some((item, index) => item !== items[index]) ? changed : items
}
