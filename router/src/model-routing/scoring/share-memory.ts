/**
 * Makes vectors of zeros of which every `count` lie in one piece of memory: to ask for memory is most of what a small vector
 * costs.
 */
export function shareMemory(count: number, size: number): () => Float64Array {
  let shared: Float64Array | null = null
  let made = 0
  return () => {
    if (shared === null || made === count) {
      shared = new Float64Array(count * size)
      made = 0
    }
    return shared.subarray(made * size, ++made * size)
  }
}
