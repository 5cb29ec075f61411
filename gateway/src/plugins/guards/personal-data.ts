export const personalDataTypes = ['SSN', 'CREDIT_CARD', 'EMAIL', 'PHONE', 'IP_ADDRESS'] as const

export type PersonalDataType = (typeof personalDataTypes)[number]

interface Detector {
  /** Every repetition is bounded, so that a search stays linear in the length of the text. */
  readonly pattern: RegExp
  readonly isReal?: (found: string) => boolean
}

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'

const detectors: Readonly<Record<PersonalDataType, Detector>> = {
  // Areas, groups and serials of zeros, 666 and 9xx are never issued.
  SSN: { pattern: /(?<![\d-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])/g },
  CREDIT_CARD: { pattern: /(?<![\d+-])\d(?:[ -]?\d){12,18}(?![\d-])/g, isReal: hasLuhnSum },
  EMAIL: { pattern: /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b/gi },
  PHONE: {
    pattern:
      /(?<![\w.-])(?:\+\d{8,15}|(?:\+?\d{1,3}[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}|\+\d{1,3}(?:[ .-]\d{2,4}){2,5})(?![\w-])/g,
  },
  IP_ADDRESS: {
    pattern: new RegExp(
      `(?<![\\w.])(?:${octet}\\.){3}${octet}(?![\\w.]\\d)(?!\\w)|(?<![\\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\\w:])`,
      'gi',
    ),
  },
}

/**
 * Puts `[PII:EMAIL]` and the like in the place of personal data. `onFound` hears of each piece. Cards are told from other
 * numbers by their check digit.
 */
export function redactPersonalData(
  text: string,
  types: readonly PersonalDataType[],
  onFound: (type: PersonalDataType) => void,
): string {
  let redacted = text
  for (const type of types) {
    const { pattern, isReal } = detectors[type]
    redacted = redacted.replace(pattern, (found) => {
      if (isReal?.(found) === false) return found
      onFound(type)
      return `[PII:${type}]`
    })
  }
  return redacted
}

/** The check digit of ISO/IEC 7812-1. */
function hasLuhnSum(card: string): boolean {
  const digits = card.replaceAll(/\D/g, '')
  let sum = 0
  for (let at = 0; at < digits.length; at += 1) {
    const digit = Number(digits[digits.length - 1 - at])
    const doubled = at % 2 === 1 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}
