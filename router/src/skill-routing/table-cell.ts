const maxDescription = 500
/** Controls, lone surrogates, and all that shows nothing but can carry text past a human reader. */
const invisible = /(?!\s)[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\u{fff9}-\u{fffb}]/gu
/** What most texts are: words of ASCII, one space between them. */
const plain = /^[!-~]+(?: [!-~]+)*$/
const pipes = /(\\*)\|/g

/** Text as a person sees it on one line: no control or zero-width characters, every run of white space one space. */
export function cleanText(text: string): string {
  if (plain.test(text)) return text
  return text.replace(invisible, '').replace(/\s+/g, ' ').trim()
}

/** A description as the menu shows it: clean, and at most 500 characters, the last of them `…` where it was cut. */
export function cleanDescription(description: string): string {
  const text = cleanText(description)
  if (text.length <= maxDescription) return text
  const cut = text.slice(0, maxDescription - 1)
  const endsInHalf = /[\ud800-\udbff]$/.test(cut)
  return `${endsInHalf ? cut.slice(0, -1) : cut}…`
}

/**
 * Clean text inside a cell of a pipe table. Backslashes in front of a pipe are doubled, or `\|` in a description
 * would become an escaped backslash and a real cell border (GitHub Flavored Markdown, section 4.10).
 */
export function escapeCell(text: string): string {
  return text.includes('|') ? text.replace(pipes, '$1$1\\|') : text
}
