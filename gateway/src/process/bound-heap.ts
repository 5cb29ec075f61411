/** Growth of the heap over what was alive, in percent, at which all of it is collected again. */
const growthPercent = 100
/** What has become old and then ended is most of a heap that streams: several times what is open. */
const streamingGrowthPercent = 50
const manyStreams = 100
const lookEveryMs = 500

export interface HeapBoundOptions {
  readonly openStreams: { readonly size: number }
  /** Sets a flag of V8, of all of the process. */
  readonly setFlag: (flag: string) => void
}

/**
 * Bounds how far the heap grows between two full collections; V8 by itself lets it become four times what was alive. While many
 * streams are open it is bounded more narrowly: not always, because bodies of large requests count as growth and then cost
 * a collection every few hundred. The returned function ends that.
 */
export function boundHeap({ openStreams, setFlag }: HeapBoundOptions): () => void {
  let percent = 0
  const bound = (wanted: number): void => {
    if (wanted !== percent) setFlag(`--heap-growing-percent=${wanted}`)
    percent = wanted
  }
  const look = (): void => bound(openStreams.size < manyStreams ? growthPercent : streamingGrowthPercent)
  look()
  const timer = setInterval(look, lookEveryMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    // V8's own choice.
    bound(0)
  }
}
