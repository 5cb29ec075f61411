import type { DocumentPart, ImagePart } from '../conversation/part.ts'
import { type ImageSize, readImageSize } from './read-image-size.ts'
import type { ModelFamily } from './select-tokenizer.ts'

/** What is assumed of a picture that stands at a URL: 1024 × 1024. */
const assumedSize: ImageSize = { width: 1024, height: 1024 }
/** Text and picture of an ordinary page together. */
const tokensPerPage: Readonly<Record<ModelFamily, number>> = {
  openai: 1500,
  claude: 2250,
  gemini: 258,
  other: 1500,
}
/** What is assumed of a document that the gateway does not hold. */
const assumedPages = 4
const tokensPerSecond: Readonly<Record<ModelFamily, number>> = {
  openai: 10,
  claude: 10,
  gemini: 32,
  other: 25,
}
/** 128 kbit/s, for compressed recordings. */
const bytesPerSecond = 16_000

/** Tokens of a picture, by the rules the vendors publish for their models. */
export function countImage({ source, detail }: ImagePart, family: ModelFamily, model: string): number {
  const size = (source.kind === 'base64' ? readImageSize(source.data) : null) ?? assumedSize
  switch (family) {
    case 'openai':
      return countOpenaiImage(size, detail, model)
    case 'claude':
      // Larger pictures are scaled down to about this many tokens before they are read.
      return Math.min(1600, Math.ceil((size.width * size.height) / 750))
    case 'gemini':
      return isSmall(size) ? 258 : 258 * Math.ceil(size.width / 768) * Math.ceil(size.height / 768)
    default:
      return Math.min(2000, Math.ceil((size.width * size.height) / 750))
  }
}

export function countDocument({ source }: DocumentPart, family: ModelFamily): number {
  const pages = source.kind === 'base64' ? countPages(source.data) : assumedPages
  return pages * tokensPerPage[family]
}

/** `data` is base64. */
export function countAudio(data: string, family: ModelFamily): number {
  const bytes = (data.length * 3) / 4
  const head = Buffer.from(data.slice(0, 64), 'base64')
  const isWave = head.length >= 32 && head.toString('latin1', 0, 4) === 'RIFF'
  const rate = isWave ? head.readUInt32LE(28) : bytesPerSecond
  return Math.ceil((bytes / Math.max(rate, 1000)) * tokensPerSecond[family])
}

/** Base tokens and tokens for each tile of 512 × 512 pixels. */
const tileRules: readonly (readonly [models: RegExp, base: number, tile: number])[] = [
  [/^gpt-4o-mini/, 2833, 5667],
  [/^o[13]/, 75, 150],
  [/^gpt-5/, 70, 140],
  [/^computer-use/, 65, 129],
]
/** Models that count patches of 32 × 32 pixels, at most 1536, each worth so many tokens. */
const patchRules: readonly (readonly [models: RegExp, tokens: number])[] = [
  [/^gpt-(?:4\.1|5(?:\.\d)?)-mini/, 1.62],
  [/^gpt-(?:4\.1|5(?:\.\d)?)-nano/, 2.46],
  [/^o4-mini/, 1.72],
]

function countOpenaiImage(size: ImageSize, detail: string | undefined, model: string): number {
  const name = model.slice(model.lastIndexOf('/') + 1)
  const [, perPatch] = patchRules.find(([models]) => models.test(name)) ?? []
  if (perPatch !== undefined) {
    const patches = Math.ceil(size.width / 32) * Math.ceil(size.height / 32)
    return Math.ceil(Math.min(1536, patches) * perPatch)
  }
  const [, base, tile] = tileRules.find(([models]) => models.test(name)) ?? [null, 85, 170]
  return detail === 'low' ? base : base + tile * countTiles(size)
}

/** The picture is scaled into 2048 × 2048, then its shorter side to 768 at most. */
function countTiles({ width, height }: ImageSize): number {
  const fitting = Math.min(1, 2048 / Math.max(width, height))
  const scale = fitting * Math.min(1, 768 / (Math.min(width, height) * fitting))
  // Scaling must not make a tile of a rounding error.
  const tiles = (side: number): number => Math.ceil((side * scale - 1e-6) / 512)
  return tiles(width) * tiles(height)
}

function isSmall({ width, height }: ImageSize): boolean {
  return width <= 384 && height <= 384
}

/** Page objects of a PDF; those in compressed object streams are not seen, so the size speaks as well. */
function countPages(base64: string): number {
  const bytes = Buffer.from(base64, 'base64')
  const listed = bytes.toString('latin1').match(/\/Type\s*\/Page(?![a-zA-Z])/g)?.length ?? 0
  return listed > 0 ? listed : Math.max(1, Math.ceil(bytes.length / 60_000))
}
