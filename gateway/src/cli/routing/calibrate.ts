import { calibrateVerification } from './calibrate-verification.ts'
import { accessOptions, listDecisions, readAccess } from './gateway-access.ts'
import { percent, RoutingUsageError, readAmount, readOptions, readText } from './routing-options.ts'
import type { Terminal } from './run-routing.ts'

const fewDecisions = 100

/**
 * `routeiq calibrate`: the threshold by which the strong one of two models gets a share of the asks, from what decisions of one's
 * own traffic expected of both. With `--verdicts`, what `llmrouter-automix` makes of a model's word about its own answer.
 */
export async function calibrate(argv: readonly string[], { stdout, stderr, env }: Terminal): Promise<void> {
  if (argv.some((word) => word.startsWith('--verdicts'))) {
    calibrateVerification(argv, stdout)
    return
  }
  const names = ['share', 'small', 'large', 'in', ...accessOptions, 'window', 'limit']
  const options = readOptions(argv, names, 3)
  const { small = '', large = '', in: file } = options
  const share = readAmount(options, 'share', 0)
  if (share > 1) throw new RoutingUsageError(`--share needs a number from 0 to 1, not ${share}`)
  const decisions =
    file === undefined ? await listDecisions(readAccess(options, env), options) : readLines(readText(file))
  const gains = decisions.flatMap((decision) => gainOf(decision, small, large) ?? [])
  if (gains.length === 0)
    throw new Error(
      `no decision had ${small} and ${large} among its candidates; see GET /router/info for their names`,
    )
  if (gains.length < fewDecisions)
    stderr.write(`warning: only ${gains.length} decisions had both models; the threshold may be far off\n`)
  const threshold = Math.max(0, Math.ceil(thresholdOf(gains, share) * 1_000) / 1_000)
  const reached = gains.filter((gain) => gain > threshold).length / gains.length
  stdout.write(
    `threshold: ${threshold}\n${percent(reached)} of ${gains.length} asks would have gone to ${large}; ask for router-auto-${threshold}, or set threshold in the arguments of a router\n`,
  )
}

/** Above it lies that share of the gains. */
function thresholdOf(gains: readonly number[], share: number): number {
  const sorted = gains.toSorted((one, other) => one - other)
  const at = Math.ceil((1 - share) * sorted.length) - 1
  return sorted[at] ?? 0
}

/** What the large model was expected to do better; null where the two were not both candidates. */
function gainOf(decision: object, small: string, large: string): number | null {
  const { details } = decision as {
    details?: { candidates?: readonly { model: string; q: number }[] }
  }
  const qualityOf = (name: string): number | undefined =>
    details?.candidates?.find(({ model }) => model === name)?.q
  const [cheap, dear] = [qualityOf(small), qualityOf(large)]
  return cheap === undefined || dear === undefined ? null : dear - cheap
}

function readLines(text: string): readonly object[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as object)
}
