import type { SkillDocument } from '../skill-document.ts'

export interface Field {
  readonly name: 'name' | 'description' | 'triggerPhrases' | 'labels' | 'body' | 'feedback'
  /** How much one occurrence counts. */
  readonly weight: number
  /** BM25's b: how much a long field dilutes an occurrence. */
  readonly dilution: number
  /** Where its count stands in a posting. */
  readonly shift: number
  /** The greatest count a posting holds. */
  readonly most: number
  readonly read: (document: SkillDocument) => string
}

/** Body words beyond this many characters are not indexed: no skill is described by its hundredth page. */
const longestBody = 20_000
const longestFeedback = 8_000

/** The fields of a skill, together 32 bits of counts a posting. */
export const fields: readonly Field[] = [
  { name: 'name', weight: 3, dilution: 0.5, shift: 0, most: 15, read: ({ name }) => name },
  {
    name: 'description',
    weight: 2,
    dilution: 0.6,
    shift: 4,
    most: 31,
    read: ({ description }) => description,
  },
  {
    name: 'triggerPhrases',
    weight: 3,
    dilution: 0.6,
    shift: 9,
    most: 15,
    read: ({ triggerPhrases }) => triggerPhrases.join('\n'),
  },
  {
    name: 'labels',
    weight: 1,
    dilution: 0.6,
    shift: 13,
    most: 15,
    read: ({ tags, category }) => `${tags.join('\n')}\n${category ?? ''}`,
  },
  {
    name: 'body',
    weight: 0.3,
    dilution: 0.75,
    shift: 17,
    most: 255,
    read: ({ body }) => body.slice(0, longestBody),
  },
  {
    name: 'feedback',
    weight: 1.5,
    dilution: 0.4,
    shift: 25,
    most: 127,
    read: ({ feedback }) => feedback.join('\n').slice(0, longestFeedback),
  },
]
