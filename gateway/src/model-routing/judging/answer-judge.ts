import type { JudgingConfig } from '../../config/config.ts'
import { type ChoiceFeedback, sourceWeights } from '../choice-store.ts'
import type { AnswerSample, AnswerSamples } from './answer-samples.ts'
import { readMarks } from './judge-marks.ts'

const lookEveryMs = 10_000

export interface AnswerJudgeOptions {
  readonly samples: AnswerSamples
  /** Null while answers are not judged. */
  readonly settings: () => JudgingConfig | null
  /** What the judging model says of an answer. Rejects when it cannot be asked. */
  readonly ask: (settings: JudgingConfig, sample: AnswerSample, signal: AbortSignal) => Promise<string>
  /** Keeps a score; rejects when the decision is not there. */
  readonly credit: (feedback: ChoiceFeedback) => Promise<void>
  readonly now: () => number
  /** Hears why an answer was not judged, or its score not kept. */
  readonly onError: (event: string, error: unknown) => void
}

/**
 * Has a model judge some of the answers of chosen models, and gives the scores to what is learned every now and then. What the judge
 * does not say, or cannot be understood, is dropped: it is no failure of the model that answered.
 */
export class AnswerJudge {
  readonly #options: AnswerJudgeOptions
  readonly #timer: NodeJS.Timeout
  readonly #closing = new AbortController()
  #batch: Promise<number> | null = null
  #scores: { readonly decisionId: string; readonly score: number }[] = []
  #pushedAt: number
  #lastFeedback: number | null = null

  constructor(options: AnswerJudgeOptions) {
    this.#options = options
    this.#pushedAt = options.now()
    this.#timer = setInterval(() => void this.#look(), lookEveryMs)
    this.#timer.unref()
  }

  get isRunning(): boolean {
    return this.#batch !== null
  }

  /** Epoch milliseconds; null before any score was given. */
  get lastFeedback(): number | null {
    return this.#lastFeedback
  }

  /** Judges the next answers; resolves with how many got a score. A batch under way is waited for, and not begun again. */
  async runBatch(): Promise<number> {
    this.#batch ??= this.#judgeNext().finally(() => {
      this.#batch = null
    })
    return this.#batch
  }

  /** Gives the scores that wait to what is learned; resolves with how many there were. */
  async pushFeedback(): Promise<number> {
    const { credit, now, onError } = this.#options
    const scores = this.#scores
    this.#scores = []
    this.#pushedAt = now()
    let given = 0
    for (const { decisionId, score } of scores) {
      const feedback = { decisionId, score, source: 'judge', weight: sourceWeights.judge } as const
      try {
        await credit({ ...feedback, reason: null, isAutomatic: false, keyHash: null, taskId: null })
        given++
      } catch (error) {
        onError('routing_judgement_not_kept', error)
      }
    }
    if (given > 0) this.#lastFeedback = now()
    return given
  }

  /** Gives what was judged; what was not is forgotten. */
  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort()
    await this.#batch
    await this.pushFeedback()
  }

  async #look(): Promise<void> {
    const { settings, now } = this.#options
    const wanted = settings()
    if (wanted === null) return
    await this.runBatch()
    if (now() - this.#pushedAt >= wanted.feedbackIntervalMs) await this.pushFeedback()
  }

  async #judgeNext(): Promise<number> {
    const { settings, samples } = this.#options
    const wanted = settings()
    if (wanted === null) return 0
    const taken = samples.take(wanted.batchSize)
    const scores = await Promise.all(taken.map((sample) => this.#judge(wanted, sample)))
    return scores.filter((score) => score !== null).length
  }

  async #judge(settings: JudgingConfig, sample: AnswerSample): Promise<number | null> {
    const { samples, ask, onError } = this.#options
    const score = await ask(settings, sample, this.#closing.signal).then(readMarks, (error: unknown) => {
      if (!this.#closing.signal.aborted) onError('routing_answer_not_judged', error)
      return null
    })
    samples.keepJudged(sample, score)
    if (score !== null) this.#scores.push({ decisionId: sample.decisionId, score })
    return score
  }
}
