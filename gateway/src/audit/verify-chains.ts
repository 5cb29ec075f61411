import { type ChainedRecord, type ChainPosition, chainStart, hashRow } from './audit-chain.ts'
import type { AuditStore, ChainPart, ChainSummary } from './audit-store.ts'
import type { Checkpoint, CheckpointSigner } from './checkpoint.ts'
import { isUnchanged } from './personal-values.ts'

const partRows = 1_000
/** More would only repeat what the first say. */
const mostFindings = 100

type TamperKind =
  | 'row_changed'
  | 'row_missing'
  | 'row_out_of_order'
  | 'rows_truncated'
  | 'checkpoint_broken'
  | 'checkpoint_forged'
  | 'personal_value_changed'

/** One place where the log is not what was written. */
interface TamperFinding {
  readonly kind: TamperKind
  readonly chain: string
  /** The row, or the first of several. */
  readonly seq: number
  readonly message: string
}

export interface VerifyReport {
  readonly isIntact: boolean
  readonly chains: number
  readonly rows: number
  readonly checkpoints: number
  /** Statements another key has signed, or none, which therefore prove nothing. */
  readonly unverifiedCheckpoints: number
  readonly findings: readonly TamperFinding[]
}

/**
 * Reads every chain from its beginning, or from where retention has cut it, and says what was changed, taken away or put
 * elsewhere. `published` are checkpoints kept outside of the database, which also find a chain that is gone or cut together
 * with its own checkpoints.
 */
export async function verifyChains(
  store: Pick<AuditStore, 'chains' | 'readChain'>,
  signer: CheckpointSigner | null,
  published: readonly Checkpoint[] = [],
): Promise<VerifyReport> {
  const summaries = new Map((await store.chains()).map((summary) => [summary.chain, summary]))
  for (const { chain } of published)
    if (!summaries.has(chain)) summaries.set(chain, { chain, seq: 0, hash: chainStart.hash, checkpoints: [] })
  const findings: TamperFinding[] = []
  const sums = { rows: 0, checkpoints: 0, unverifiedCheckpoints: 0 }
  for (const summary of summaries.values()) {
    const own = published.filter(({ chain }) => chain === summary.chain)
    const check = new ChainCheck({ ...summary, checkpoints: [...summary.checkpoints, ...own] }, signer)
    let afterSeq = 0
    for (;;) {
      const part = await store.readChain(summary.chain, afterSeq, partRows)
      check.add(part)
      if (part.rows.length < partRows) break
      afterSeq = part.rows.at(-1)?.seq ?? afterSeq
    }
    check.end()
    findings.push(...check.findings)
    sums.rows += check.rows
    sums.checkpoints += check.checkpoints
    sums.unverifiedCheckpoints += check.unverified
  }
  return {
    isIntact: findings.length === 0,
    chains: summaries.size,
    ...sums,
    findings: findings.slice(0, mostFindings),
  }
}

/** One chain, read in order. */
class ChainCheck {
  readonly findings: TamperFinding[] = []
  rows = 0
  checkpoints = 0
  unverified = 0
  readonly #summary: ChainSummary
  readonly #statedAt = new Map<number, string>()
  #last: ChainPosition = chainStart

  constructor(summary: ChainSummary, signer: CheckpointSigner | null) {
    this.#summary = summary
    for (const checkpoint of summary.checkpoints) this.#state(checkpoint, signer)
  }

  add({ rows, personal }: ChainPart): void {
    for (const row of rows) this.#follow(row)
    const byId = new Map(rows.map((row) => [row.id, row]))
    for (const value of personal) {
      const row = byId.get(value.auditId)
      if (row !== undefined && !isUnchanged(row, value))
        this.#find(
          'personal_value_changed',
          row.seq,
          `the ${value.member} kept beside the row is another one`,
        )
    }
  }

  end(): void {
    const stated = Math.max(this.#summary.seq, ...this.#statedAt.keys())
    if (stated > this.#last.seq)
      this.#find(
        'rows_truncated',
        this.#last.seq + 1,
        `rows ${this.#last.seq + 1} to ${stated} were written and are gone`,
      )
  }

  #state(checkpoint: Checkpoint, signer: CheckpointSigner | null): void {
    const { seq, hash, kind } = checkpoint
    const verdict = signer?.check(checkpoint) ?? 'unknown_key'
    this.checkpoints += 1
    if (verdict === 'unknown_key') this.unverified += 1
    if (verdict === 'forged')
      this.#find('checkpoint_forged', seq, 'a checkpoint does not bear the signature of this gateway')
    if (verdict !== 'valid') return
    this.#statedAt.set(seq, hash)
    if (kind === 'retention' && seq > this.#last.seq) this.#last = { seq, hash }
  }

  #follow(row: ChainedRecord): void {
    this.rows += 1
    const { seq, previousHash, hash } = row
    const expected = this.#last.seq + 1
    if (seq > expected)
      this.#find(
        'row_missing',
        expected,
        seq === expected + 1 ? `row ${expected} is gone` : `rows ${expected} to ${seq - 1} are gone`,
      )
    else if (seq < expected) this.#find('row_out_of_order', seq, `row ${seq} stands before its chain begins`)
    else if (previousHash !== this.#last.hash)
      this.#find('row_out_of_order', seq, `row ${seq} does not follow the row before it`)
    if (hashRow(previousHash, row) !== hash)
      this.#find('row_changed', seq, `row ${seq} is not what was written`)
    const stated = this.#statedAt.get(seq)
    if (stated !== undefined && stated !== hash)
      this.#find('checkpoint_broken', seq, `row ${seq} is not the one a checkpoint was made of`)
    if (seq >= expected) this.#last = { seq, hash }
  }

  #find(kind: TamperKind, seq: number, message: string): void {
    if (this.findings.length < mostFindings)
      this.findings.push({ kind, chain: this.#summary.chain, seq, message })
  }
}

/** A report as the API and the command line show it. */
export function formatReport({ isIntact, unverifiedCheckpoints, ...report }: VerifyReport): object {
  return { intact: isIntact, ...report, unverified_checkpoints: unverifiedCheckpoints }
}
