import type { Caller } from '../../identity/caller.ts'
import { type Accounts, needsAccount } from '../accounts/accounts.ts'
import { ownerOf } from '../accounts/credential.ts'
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

/** Views for requests that would rather wait a little than miss what a server offers. */
export class SettledViews {
  readonly #options: SettledViewsOptions

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
    await this.#lookWithAccounts(view.servers, ownerOf(caller))
    return views.find(caller, selection)
  }

  /** What servers offer that the gateway could not look at, and the caller has an account for by now. */
  async #lookWithAccounts(servers: readonly McpServer[], owner: string | null): Promise<void> {
    if (owner === null) return
    const { catalogue, upstreams, accounts, now } = this.#options
    const before = now() - lookAgainAfterMs
    const isUnseen = (server: McpServer): boolean =>
      needsAccount(server) &&
      catalogue.offerOf(server) === null &&
      (catalogue.healthOf(server).checkedAt ?? 0) < before
    await Promise.all(
      servers.filter(isUnseen).map(async (server) => {
        if (await accounts.hasAccount(server, owner)) await upstreams.lookAgain(server)
      }),
    )
  }
}
