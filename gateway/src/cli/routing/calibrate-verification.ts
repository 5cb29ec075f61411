import { fitVerification, uncalibratedLambda } from '@routeiq/router'
import { percent, RoutingUsageError, readAmount, readData, readOptions } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

const fewAsks = 50

/** `routeiq calibrate --verdicts`: the `threshold` or `beliefs` of `llmrouter-automix`, from probes with `--verify`. */
export function calibrateVerification(argv: readonly string[], stdout: Terminal['stdout']): void {
  const options = readOptions(argv, ['verdicts', 'small', 'large', 'lambda'], 3)
  const { small = '', large = '' } = options
  const lambda = readAmount(options, 'lambda', uncalibratedLambda.auto)
  const { models, rows } = readData(options['verdicts'] ?? '').matrix
  const [smallAt, largeAt] = [models.indexOf(small), models.indexOf(large)]
  if (smallAt < 0 || largeAt < 0)
    throw new RoutingUsageError(`the data is about ${models.join(', ')}, not ${smallAt < 0 ? small : large}`)
  const asks = rows.flatMap(({ scores, verdicts }) => {
    const [share = null, ofSmall = null, ofLarge = null] = [
      verdicts?.[smallAt],
      scores[smallAt],
      scores[largeAt],
    ]
    return share === null || ofSmall === null || ofLarge === null
      ? []
      : [{ share, small: ofSmall, large: ofLarge }]
  })
  if (asks.length < fewAsks)
    throw new Error(
      `${asks.length} asks have both scores and verdicts of ${small}; at least ${fewAsks} are needed (routeiq probe --verify 8)`,
    )
  // A call of the large model is worth λ where it is the dearest there is, as costs are counted by its mean.
  const [better, other] = fitVerification(asks, lambda)
  const describe = ({ table, utility, kept }: typeof better): string =>
    `${'beliefs' in table ? 'beliefs' : 'threshold'}: utility ${utility.toFixed(4)}, ${percent(kept)} kept`
  const value =
    'beliefs' in better.table
      ? `beliefs: ${JSON.stringify(better.table.beliefs.map(({ needsLarge, fine, hopeless }) => [needsLarge, fine, hopeless].map((share) => Number(share.toFixed(3)))))}`
      : `threshold: ${better.table.threshold}`
  stdout.write(
    `${value}\nby cross-validation over ${asks.length} asks at λ ${lambda}, ${describe(better)}; ${describe(other)}\n`,
  )
}
