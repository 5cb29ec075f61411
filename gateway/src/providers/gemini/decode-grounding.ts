import {
  type JsonRecord,
  readList,
  readRecord,
  readRecords,
  readText,
} from '../../conversation/json-value.ts'
import type { Citation } from '../../conversation/part.ts'

/**
 * The sources of `groundingMetadata`: one citation for every source that supports a piece of the text, or one for
 * each source when the provider does not say which piece it supports.
 */
export function decodeGrounding(metadata: JsonRecord): Citation[] {
  const sources = readRecords(metadata['groundingChunks'])
  const supports = readRecords(metadata['groundingSupports'])
  if (supports.length === 0) return sources.map((source) => cite(source, null))
  return supports.flatMap((support) => {
    const segment = readRecord(support['segment'])
    const cited = readList(support['groundingChunkIndices']).map((index) => sources[Number(index)])
    return cited.flatMap((source) => (source === undefined ? [] : cite(source, segment)))
  })
}

function cite(source: JsonRecord, segment: JsonRecord | null): Citation {
  const page =
    readRecord(source['web']) ?? readRecord(source['retrievedContext']) ?? readRecord(source['maps'])
  return {
    url: readText(page?.['uri']),
    title: readText(page?.['title']),
    citedText: readText(segment?.['text']),
    native: segment === null ? source : { ...source, segment },
  }
}

/** Searches the provider made for the answer. */
export function countSearches(metadata: JsonRecord): number {
  return readList(metadata['webSearchQueries']).length
}
