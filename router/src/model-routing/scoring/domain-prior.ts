/**
 * What the default router believes before anybody has trained it: how hard the questions of a domain are for models in
 * general, and the words a domain is told by. Nothing of it names a model. `routing.use_prior: false` takes it away.
 * Written for this product; the difficulties are round numbers, in the order public leaderboards agree on.
 */
export interface PriorDomain {
  readonly label: string
  /** How much of a model's weakness shows: 0 never, 1 always. */
  readonly difficulty: number
  readonly words: readonly string[]
}

const domain = (label: string, difficulty: number, words: string): PriorDomain => ({
  label,
  difficulty,
  words: words.split(' '),
})

export const priorDomains: readonly PriorDomain[] = [
  domain(
    'math',
    0.8,
    'solve equation integral derivative probability matrix theorem polynomial proof prove sum triangle algebra geometry calculate',
  ),
  domain(
    'code',
    0.7,
    'code function class bug python javascript typescript java sql query compile error exception regex script refactor test api',
  ),
  domain(
    'science',
    0.6,
    'physics chemistry biology quantum molecule energy cell protein reaction genome electron velocity thermodynamic',
  ),
  domain('law', 0.6, 'law legal court contract statute liability plaintiff defendant jurisdiction clause'),
  domain('medicine', 0.65, 'patient symptom diagnosis treatment disease dose clinical therapy medication'),
  domain(
    'finance',
    0.55,
    'stock interest market revenue invest portfolio tax accounting inflation bond profit budget',
  ),
  domain(
    'analysis',
    0.55,
    'analyse analyze compare evaluate strategy plan architecture design tradeoff trade report research',
  ),
  domain('extraction', 0.25, 'extract json table csv field parse schema convert format classify label'),
  domain('writing', 0.3, 'write essay story poem email letter blog rewrite tone paragraph draft'),
  domain('translation', 0.2, 'translate translation french german spanish english chinese japanese'),
  domain('summary', 0.25, 'summarize summarise summary shorten bullet tldr key points'),
  domain('chat', 0.1, 'hello hi thanks thank hey please morning joke weather'),
]

/** An ask that fits no domain. */
export const otherDifficulty = 0.4
