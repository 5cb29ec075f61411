const star = 42
const question = 63

/**
 * Whether a whole text fits a glob: `*` stands for any characters, none included, `?` for one, everything else for
 * itself. Never takes more than length of the text times length of the glob steps.
 */
export function matchGlob(glob: string, text: string): boolean {
  let [inGlob, inText] = [0, 0]
  // Where the last `*` was, and how much of the text it has been given.
  let [lastStar, given] = [-1, 0]
  while (inText < text.length) {
    const wanted = glob.charCodeAt(inGlob)
    if (wanted === star) {
      lastStar = inGlob
      given = inText
      inGlob += 1
    } else if (inGlob < glob.length && (wanted === question || wanted === text.charCodeAt(inText))) {
      inGlob += 1
      inText += 1
    } else if (lastStar >= 0) {
      given += 1
      inGlob = lastStar + 1
      inText = given
    } else return false
  }
  while (glob.charCodeAt(inGlob) === star) inGlob += 1
  return inGlob === glob.length
}
