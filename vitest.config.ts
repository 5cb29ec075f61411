import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: {
      '@routeiq/contract': fileURLToPath(new URL('contract/src/index.ts', import.meta.url)),
      '@routeiq/router': fileURLToPath(new URL('router/src/index.ts', import.meta.url)),
    },
  },
  test: {
    include: [
      'contract/src/**/*.test.ts',
      'router/src/**/*.test.ts',
      'gateway/src/**/*.test.ts',
      'gateway/test/**/*.test.ts',
    ],
    isolate: false,
    // Most of the time of a test that starts servers is waiting.
    maxWorkers: 2,
    // For a machine that is busy with something else: what hangs is still found.
    testTimeout: 90_000,
    hookTimeout: 180_000,
    expect: { poll: { timeout: 30_000 } },
  },
})
