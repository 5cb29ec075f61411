import type { Exchange } from '../http/exchange.ts'

/** What watches the gateway is always answered. */
export const neverRefused = [
  '/_health/live',
  '/_health/ready',
  '/health',
  '/health/liveliness',
  '/health/liveness',
  '/health/readiness',
  '/metrics',
]

export const isProbe = ({ template }: Exchange): boolean => neverRefused.includes(template)
