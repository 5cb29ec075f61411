/** Numbers of terms in little memory: sorted, the distance of each from the one before in groups of seven bits (LEB128). */
export function packTerms(terms: Int32Array): Uint8Array {
  const sorted = terms.slice().sort()
  const packed = new Uint8Array(5 * sorted.length)
  let length = 0
  let before = 0
  for (let index = 0; index < sorted.length; index++) {
    const term = sorted[index] as number
    let distance = term - before
    for (; distance > 127; distance >>>= 7) packed[length++] = (distance & 127) | 128
    packed[length++] = distance
    before = term
  }
  return packed.slice(0, length)
}

export function unpackTerms(packed: Uint8Array): number[] {
  const terms: number[] = []
  let term = 0
  let shift = 0
  for (let index = 0; index < packed.length; index++) {
    const group = packed[index] as number
    term += (group & 127) << shift
    shift = group > 127 ? shift + 7 : 0
    if (shift === 0) terms.push(term)
  }
  return terms
}
