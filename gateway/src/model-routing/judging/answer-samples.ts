/** An answer that will be judged. The texts are gone once it was. */
export interface AnswerSample {
  readonly decisionId: string
  readonly requestId: string
  /** The model that answered. */
  readonly model: string
  /** The model that will judge it. */
  readonly judge: string
  readonly question: string
  readonly answer: string
  /** Epoch milliseconds. */
  readonly sampledAt: number
}

/** What is left of it. */
export interface JudgedSample extends Omit<AnswerSample, 'question' | 'answer'> {
  /** 0 to 1; null when nobody judged it: the judge failed, or could not be understood. */
  readonly score: number | null
}

const mostPending = 200
const mostJudged = 500

/** Answers on their way to the judge, in the memory of one process. What does not fit is not judged. */
export class AnswerSamples {
  #pending: AnswerSample[] = []
  #judged: JudgedSample[] = []
  #collected = 0
  #evaluated = 0

  add(sample: AnswerSample): void {
    this.#collected++
    if (this.#pending.length < mostPending) this.#pending.push(sample)
  }

  /** The oldest ones, which are the caller's from then on. */
  take(count: number): readonly AnswerSample[] {
    return this.#pending.splice(0, count)
  }

  keepJudged({ question: _question, answer: _answer, ...sample }: AnswerSample, score: number | null): void {
    if (score !== null) this.#evaluated++
    this.#judged.push({ ...sample, score })
    if (this.#judged.length > mostJudged) this.#judged.shift()
  }

  get pending(): readonly AnswerSample[] {
    return this.#pending
  }

  /** The last ones, oldest first. */
  get judged(): readonly JudgedSample[] {
    return this.#judged
  }

  /** Since the process began. */
  get totals(): { readonly collected: number; readonly evaluated: number } {
    return { collected: this.#collected, evaluated: this.#evaluated }
  }
}
