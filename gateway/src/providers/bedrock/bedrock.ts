import { noEdits } from '../passthrough-edits.ts'
import { restoreReply, restoreStream } from '../restore-reply.ts'
import type { PathTarget, Wire, WirePaths } from '../wire.ts'
import { findBaseUrl, findSignature } from './account.ts'
import { decodeError, findFailure } from './decode-error.ts'
import { decodeReply } from './decode-reply.ts'
import { ConverseStreamDecoder } from './decode-stream.ts'
import { decodeUsage } from './decode-usage.ts'
import { bedrockEmbeddings, makesEmbeddings } from './embeddings.ts'
import { encodeRequest } from './encode-request.ts'

/** Amazon Bedrock's Converse (AWS, "Amazon Bedrock API Reference"), one protocol for the models of all makers. */
export const bedrockWire: Wire = {
  id: 'bedrock',
  dialect: 'bedrock-converse',
  framing: 'aws-event-stream',
  namesModelIn: 'path',
  findBaseUrl,
  pathsFor,
  versionSegment: null,
  authHeaders: (apiKey) => (apiKey === null || apiKey === '' ? [] : ['authorization', `Bearer ${apiKey}`]),
  findAuthorization: findSignature,
  headerMembers: { 'anthropic-beta': 'anthropic_beta' },
  // Only from S3, whose addresses are none of the web.
  readsMedia: () => false,
  editPassthrough: () => noEdits,
  embeddings: bedrockEmbeddings,
  encodeRequest,
  decodeReply: (body, context) => restoreReply(decodeReply(body), context),
  findFailure,
  createStreamDecoder: (context) => restoreStream(new ConverseStreamDecoder(), context),
  decodeUsage,
  decodeError,
}

/** `model_id` is an inference profile or provisioned throughput that stands for the model. */
function pathsFor({ upstreamModel, account }: PathTarget): WirePaths {
  // The interface a model is written with (`converse/…`) is LiteLLM's way to choose one; here all share one.
  const model = account['model_id'] ?? upstreamModel.replace(/^(?:converse|invoke)\//, '')
  const root = `/model/${encodeURIComponent(model)}`
  return {
    chat: `${root}/converse`,
    chatStream: `${root}/converse-stream`,
    completion: null,
    embedding: makesEmbeddings(upstreamModel) ? `${root}/invoke` : null,
  }
}
