/** Numbers as a bundle holds them: little-endian float32 in base64. */
export interface EncodedMatrix {
  readonly dtype: 'f32'
  readonly shape: readonly number[]
  readonly b64: string
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const codes = new Map([...alphabet].map((character, code) => [character, code]))

export function encodeMatrix(values: ArrayLike<number>, shape: readonly number[]): EncodedMatrix {
  const floats = Float32Array.from(values)
  return { dtype: 'f32', shape, b64: toBase64(new Uint8Array(floats.buffer)) }
}

/** Errors: throws when size, shape and numbers do not fit together. */
export function decodeMatrix(matrix: unknown, shape: readonly number[], name: string): Float32Array {
  const { dtype, shape: found, b64 } = (matrix ?? {}) as Partial<EncodedMatrix>
  const size = shape.reduce((product, side) => product * side, 1)
  if (dtype !== 'f32' || typeof b64 !== 'string' || JSON.stringify(found) !== JSON.stringify(shape))
    throw new Error(`${name} is not a matrix of ${shape.join(' × ')} float32`)
  const bytes = fromBase64(b64)
  if (bytes.length !== 4 * size)
    throw new Error(`${name} holds ${bytes.length} bytes instead of ${4 * size}`)
  const values = new Float32Array(bytes.buffer)
  if (!values.every((value) => Number.isFinite(value)))
    throw new Error(`${name} holds a number that is not finite`)
  return values
}

function toBase64(bytes: Uint8Array): string {
  const parts: string[] = []
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.subarray(at, at + 3)
    const word = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    parts.push(
      alphabet.charAt(word >> 18) +
        alphabet.charAt((word >> 12) & 63) +
        (b === undefined ? '=' : alphabet.charAt((word >> 6) & 63)) +
        (c === undefined ? '=' : alphabet.charAt(word & 63)),
    )
  }
  return parts.join('')
}

function fromBase64(text: string): Uint8Array {
  const end = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length
  const bytes = new Uint8Array(Math.floor((end * 3) / 4))
  let bits = 0
  let held = 0
  let at = 0
  for (let index = 0; index < end; index++) {
    const code = codes.get(text.charAt(index))
    if (code === undefined) throw new Error('a matrix is not base64')
    bits = ((bits << 6) | code) & 0xff_ffff
    held += 6
    if (held < 8) continue
    held -= 8
    bytes[at++] = (bits >> held) & 0xff
  }
  return bytes
}
