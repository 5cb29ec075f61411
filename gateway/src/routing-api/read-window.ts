import { GatewayError } from '@routeiq/contract'

const units: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000 }
const standard = '30d'

/** When a window such as `24h` or `30d` began, in epoch milliseconds. Errors: 400 that says what it takes. */
export function readWindow(text: string | null, now: number): number {
  const match = /^(\d{1,4})([hd])$/.exec(text ?? standard)
  const unit = units[match?.[2] ?? '']
  if (match === null || unit === undefined)
    throw new GatewayError(
      'invalid_request',
      '`window` must be a number of hours or days, such as 24h or 30d.',
      {
        param: 'window',
      },
    )
  return now - Number(match[1]) * unit
}
