/** A name of the same form as one that is there, and of nothing. */
export function absentLike(name: string): string {
  const rest = name.slice(-4)
  return name.slice(0, -4) + rest.replaceAll(/[a-z0-9]/gi, (sign) => after.get(sign) ?? sign)
}

const signs = ['0123456789', 'abcdef', 'ghijklmnopqrstuvwxyz', 'ABCDEF', 'GHIJKLMNOPQRSTUVWXYZ']
const after = new Map(
  signs.flatMap((row) => [...row].map((sign, at) => [sign, row[(at + 3) % row.length] ?? sign] as const)),
)
