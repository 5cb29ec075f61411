export {
  type ErrorCode,
  type ErrorEntry,
  errorCatalogue,
  GatewayError,
  type GatewayErrorOptions,
} from './errors.ts'
