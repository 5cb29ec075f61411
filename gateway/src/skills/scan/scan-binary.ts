import type { Finding } from './finding.ts'

const executables: readonly (readonly [magic: string, what: string])[] = [
  ['7f454c46', 'an ELF program'],
  ['4d5a', 'a Windows program'],
  ['feedface', 'a Mach-O program'],
  ['feedfacf', 'a Mach-O program'],
  ['cefaedfe', 'a Mach-O program'],
  ['cffaedfe', 'a Mach-O program'],
  ['cafebabe', 'compiled Java or a Mach-O program'],
  ['0061736d', 'WebAssembly'],
]
const archives: readonly (readonly [magic: string, what: string])[] = [
  ['504b0304', 'a zip archive'],
  ['1f8b', 'a gzip archive'],
  ['425a68', 'a bzip2 archive'],
  ['fd377a585a00', 'an xz archive'],
  ['377abcaf271c', 'a 7z archive'],
  ['526172211a07', 'a RAR archive'],
  ['28b52ffd', 'a Zstandard archive'],
]
/** Documents that are zip archives by nature. */
const documents = /\.(?:docx|xlsx|pptx|dotx|xltx|potx|odt|ods|odp|epub|vsdx)$/i

/** A file that is not text: programs are refused, archives in archives are pointed out. */
export function scanBinary(path: string, content: Uint8Array): readonly Finding[] {
  const start = Buffer.from(content.buffer, content.byteOffset, Math.min(8, content.byteLength)).toString(
    'hex',
  )
  const at = { check: 'binary_payload', file: path, line: 1 } as const
  const program = executables.find(([magic]) => start.startsWith(magic))
  if (program !== undefined)
    return [{ ...at, severity: 'critical', message: `The file is ${program[1]}; a skill brings sources.` }]
  const archive = archives.find(([magic]) => start.startsWith(magic))
  if (archive !== undefined && !documents.test(path))
    return [
      { ...at, severity: 'warning', message: `The file is ${archive[1]}; put its files beside it instead.` },
    ]
  if (/\.(?:pyc|pyo|so|dylib|dll|node|exe|class)$/i.test(path))
    return [{ ...at, severity: 'warning', message: 'The file is compiled code; a skill brings sources.' }]
  return []
}
