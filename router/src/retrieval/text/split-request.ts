const boundary =
  /(?<=[.!?;:])\s+|(?<=[。！？；])|\n+|,?\s+(?:and then|then|after that|afterwards|finally)\s+/iu
const shortestPart = 3
const mostParts = 8

/** The sentences and steps of a request that asks for several things; none when it is only one. */
export function splitRequest(query: string): string[] {
  const parts = query.split(boundary).filter((part) => part.trim().split(/\s+/).length >= shortestPart)
  return parts.length > 1 ? parts.slice(0, mostParts) : []
}
