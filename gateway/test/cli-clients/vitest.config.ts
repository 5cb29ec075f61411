import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Not part of `npm test`: these install agents of several hundred megabytes and run them against the built product.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['*.cli.ts'],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 600_000,
  },
})
