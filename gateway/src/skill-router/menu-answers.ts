import { type Decision, decideMenu } from '@routeiq/router'
import { formatContent } from './envelope.ts'
import type { HotMenu } from './hot-menu.ts'
import type { HotSkill } from './hot-skill.ts'
import { listOffered, type Offer, shareOffer } from './record-decision.ts'

/** A full menu, ready but for the id of the decision. */
export interface MenuAnswer {
  readonly decision: Decision<HotSkill>
  readonly offer: Offer
  /** What follows the head of the envelope, its last brace included; one octet a character. */
  readonly content: string | Buffer
  /** Weak: ids differ from answer to answer. */
  readonly etag: string
}

/** The answers of `GET /skills/menu`, made once for each menu and size. */
export class MenuAnswers {
  readonly #answers = new WeakMap<HotMenu, Map<string, MenuAnswer>>()

  find(menu: HotMenu, maxMenuSize: number | null, includeAttachments: boolean): MenuAnswer {
    const ofMenu = this.#answers.get(menu) ?? new Map<string, MenuAnswer>()
    this.#answers.set(menu, ofMenu)
    // Sizes beyond the menu's mean the same as none, so that few are kept.
    const size = maxMenuSize === null || maxMenuSize >= menu.entries.length ? null : maxMenuSize
    const variant = `${size ?? 'all'}-${includeAttachments ? 'files' : 'plain'}`
    const known = ofMenu.get(variant)
    if (known !== undefined) return known
    const decision = decideMenu(menu, size)
    const answer = {
      decision,
      offer: shareOffer(listOffered(decision.rows, menu.agent)),
      content: keepOctets(`${formatContent(decision, menu, { includeAttachments, explain: false })}}`),
      etag: `W/"${menu.digest}-${variant}"`,
    }
    if (ofMenu.size >= maxVariants) ofMenu.clear()
    ofMenu.set(variant, answer)
    return answer
  }
}

const maxVariants = 8
/** Short text is faster to answer with than bytes, and long text slower. */
const mostText = 65_536

function keepOctets(octets: string): string | Buffer {
  return octets.length > mostText ? Buffer.from(octets, 'latin1') : octets
}
