/** Waits that can be cut short from outside. */
export class InterruptiblePause {
  #wake: (() => void) | null = null

  wait(durationMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.interrupt(), durationMs)
      timer.unref()
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  interrupt(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
