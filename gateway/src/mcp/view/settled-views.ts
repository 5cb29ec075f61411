import type { Caller } from '../../identity/caller.ts'
import { type Accounts, needsAccount } from '../accounts/accounts.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { McpServer } from '../server.ts'
import type { Upstreams } from '../upstream/upstreams.ts'
import type { CatalogueView } from './catalogue-view.ts'
import type { Selection, Views } from './views.ts'

/** A server that refuses an account is not looked at with every request. */
const lookAgainAfterMs = 1_000

export interface SettledViewsOptions {
  readonly views: Views
  readonly catalogue: Catalogue
  readonly upstreams: Upstreams
  readonly accounts: Accounts
  readonly now: () => number
}

interface Look {
  readonly account: string
  /** Epoch milliseconds. */
  readonly startedAt: number
  readonly end: Promise<void>
}

/** Views for requests that would rather wait a little than miss what a server offers. */
export class SettledViews {
  readonly #options: SettledViewsOptions
  readonly #looks = new WeakMap<McpServer, Look>()

  constructor(options: SettledViewsOptions) {
    this.#options = options
  }

  /**
   * Right after a start, or after a server was added, waits for the first answers of servers, unless what is known is enough
   * already. Null when the selection names nothing the caller may see.
   */
  async find(
    caller: Caller,
    selection: Selection,
    isEnough: (view: CatalogueView) => boolean = () => false,
  ): Promise<CatalogueView | null> {
    const { views, upstreams } = this.#options
    const view = views.find(caller, selection)
    if (view === null || isEnough(view)) return view
    await upstreams.awaitFirstAnswers(view.servers)
    await Promise.all(
      view.servers.filter((server) => this.#isUnseen(server)).map((server) => this.#look(server)),
    )
    return views.find(caller, selection)
  }

  /** The gateway had no account to look at it with. */
  #isUnseen(server: McpServer): boolean {
    return needsAccount(server) && this.#options.catalogue.offerOf(server) === null
  }

  /** Somebody may have signed in through another process meanwhile. Requests that want the same look share one. */
  async #look(server: McpServer): Promise<void> {
    const { upstreams, accounts, now } = this.#options
    const account = await accounts.findLatest(server)
    if (account === null) return
    const latest = this.#looks.get(server)
    const isFresh = latest?.account === account && now() - latest.startedAt < lookAgainAfterMs
    const look = isFresh ? latest : { account, startedAt: now(), end: upstreams.lookAgain(server) }
    this.#looks.set(server, look)
    await look.end
  }
}
