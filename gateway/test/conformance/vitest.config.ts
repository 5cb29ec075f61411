import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// Not part of `npm test`: installs the public suite and a Node that it runs on. `npm run conformance` runs it.
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  test: {
    include: ['*.conformance.ts'],
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 600_000,
  },
})
