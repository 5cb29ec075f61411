/** How many bytes are turned into text at a time: arguments of one call. */
const chunk = 4096

/**
 * Whole numbers from 0 in little memory: the difference of each from the one before, with its sign in the lowest bit, in
 * groups of seven bits (LEB128), as a string of bytes. A small typed array takes 200 bytes more than a string.
 */
export function packNumbers(numbers: Int32Array): string {
  const bytes = new Uint8Array(5 * numbers.length)
  let length = 0
  let before = 0
  for (let index = 0; index < numbers.length; index++) {
    const number = numbers[index] as number
    const difference = number - before
    let left = difference < 0 ? -2 * difference - 1 : 2 * difference
    for (; left > 127; left >>>= 7) bytes[length++] = (left & 127) | 128
    bytes[length++] = left
    before = number
  }
  let packed = ''
  for (let start = 0; start < length; start += chunk) {
    const end = Math.min(length, start + chunk)
    packed += String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[])
  }
  return packed
}

export function unpackNumbers(packed: string): number[] {
  const numbers: number[] = []
  let before = 0
  let left = 0
  let shift = 0
  for (let index = 0; index < packed.length; index++) {
    const group = packed.charCodeAt(index)
    left |= (group & 127) << shift
    shift += 7
    if (group > 127) continue
    before += left % 2 === 1 ? -(left + 1) / 2 : left / 2
    numbers.push(before)
    left = 0
    shift = 0
  }
  return numbers
}
