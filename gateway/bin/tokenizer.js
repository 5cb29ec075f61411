// Worker thread that counts tokens with OpenAI's vocabularies, so that loading them (a quarter of a second) and long
// prompts never stop the event loop of the gateway. Plain JavaScript, because a worker is loaded by path, from the
// sources as well as from the build. In: { id, vocabulary, texts }. Out: { id, tokens }.
import { parentPort } from 'node:worker_threads'

const loaders = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
}
const loaded = new Map()
// Joining pairs costs the square of a word's length, and a word may be as long as its author likes.
const sliceCharacters = 2_048
// Text that spells a special token is text.
const asText = { allowedSpecial: new Set(), disallowedSpecial: new Set() }

async function load(vocabulary) {
  const known = loaded.get(vocabulary)
  if (known !== undefined) return known
  const { countTokens } = await loaders[vocabulary]()
  loaded.set(vocabulary, countTokens)
  return countTokens
}

/** Cut in front of a blank behind a word: there no token spans the cut. */
function endOfSlice(text, start) {
  const limit = start + sliceCharacters
  if (limit >= text.length) return text.length
  for (let at = limit; at > start + sliceCharacters / 2; at -= 1)
    if (text[at] === ' ' && text[at - 1] > ' ') return at
  const isHighSurrogate = (text.charCodeAt(limit - 1) & 0xfc00) === 0xd800
  return isHighSurrogate ? limit - 1 : limit
}

function countText(countTokens, text) {
  if (text.length <= sliceCharacters) return countTokens(text, asText)
  let tokens = 0
  for (let start = 0; start < text.length; ) {
    const end = endOfSlice(text, start)
    tokens += countTokens(text.slice(start, end), asText)
    start = end
  }
  return tokens
}

async function answer({ id, vocabulary, texts }) {
  const countTokens = await load(vocabulary)
  let tokens = 0
  for (const text of texts) tokens += countText(countTokens, text)
  parentPort.postMessage({ id, tokens })
}

parentPort.on('message', answer)
