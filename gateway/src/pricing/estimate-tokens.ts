/** Fewer bytes a token than ordinary prose (4 to 4.7 in English), so that the estimate errs upwards. */
const bytesPerToken = 3
/** What a picture or document part costs at most vendors, roughly. */
const tokensPerAttachment = 1600

/**
 * An upper-ish estimate of the prompt tokens in a request body, from its length alone: one token for three bytes of
 * JSON, envelope included. Base64 attachments are counted by number, not by size. Used for reservations and limits
 * before the provider has counted; never for billing.
 */
export function estimateInputTokens(bodyBytes: number, attachmentBytes = 0, attachments = 0): number {
  const textBytes = Math.max(0, bodyBytes - attachmentBytes)
  return Math.ceil(textBytes / bytesPerToken) + attachments * tokensPerAttachment
}
