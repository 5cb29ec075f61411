import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { call } from './harness/call-gateway.ts'
import { findGcsEmulator, findS3Server, type ObjectStore, s3Keys } from './harness/object-stores.ts'
import { type Gateway, masterKey as key, startGateway } from './harness/start-gateway.ts'
import { waitUntil } from './harness/wait-until.ts'

const [s3, gcs] = await Promise.all([findS3Server(), findGcsEmulator()])
for (const { reason } of [s3, gcs]) if (reason !== '') console.warn(`an object store is skipped: ${reason}`)

it.runIf(process.env['CI'] === 'true')('the gate skips no object store', () => {
  expect([s3.reason, gcs.reason]).toEqual(['', ''])
})

/** Characters that are escaped in different ways in different places. */
const object = "prod & eu/config (1)+it's.yaml"

const configOf = (name: string): string =>
  `model_list: [{model_name: ${name}, litellm_params: {model: demo/demo}}]`

describe.each([
  {
    name: 's3',
    ...s3,
    envOf: ({ url, bucket }: ObjectStore) => ({
      ...{ CONFIG_S3_BUCKET: bucket, CONFIG_S3_KEY: object, CONFIG_S3_ENDPOINT: url },
      ...{ AWS_ACCESS_KEY_ID: s3Keys.accessKeyId, AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey },
    }),
  },
  {
    name: 'gcs',
    ...gcs,
    envOf: ({ url, bucket }: ObjectStore) => ({
      ...{ CONFIG_GCS_BUCKET: bucket, CONFIG_GCS_KEY: object, STORAGE_EMULATOR_HOST: new URL(url).host },
    }),
  },
])('a configuration in $name', ({ name, reason, start, envOf }) => {
  let store: ObjectStore
  let gateway: Gateway

  beforeAll(async () => {
    if (reason !== '') return
    store = await start()
    await store.put(object, configOf('first'))
    gateway = await startGateway({ config: {}, env: { ...envOf(store), CONFIG_SYNC_INTERVAL: '1' } })
  })
  afterAll(async () => {
    await gateway?.stop()
    await store?.close()
  })

  const models = async (): Promise<string[]> => {
    const { data } = (await call(gateway.url, '/v1/models', { key })).json()
    return data.map(({ id }: { id: string }) => id)
  }
  const status = async () => (await call(gateway.url, '/config/sync/status', { key })).json()

  it.skipIf(reason !== '')('is fetched at the start, and again when it has changed', async () => {
    expect(await models()).toEqual(['first'])
    const before = await status()
    expect(before[name]).toEqual({
      ...{ enabled: true, bucket: store.bucket, key: object },
      last_etag: expect.stringMatching(/^[\w+/=]{10,}$/),
    })
    await store.put(object, configOf('second'))
    await waitUntil('the new one is in force', async () => (await models())[0] === 'second')
    const after = await status()
    expect(after[name].last_etag).not.toBe(before[name].last_etag)
    expect(after).toMatchObject({ reload_count: before.reload_count + 1, last_error: null })
  })

  it.skipIf(reason !== '')(
    'is asked for on request, and what was not changed is not sent again',
    async () => {
      const force = () => call(gateway.url, '/config/reload', { key, body: { force_sync: true } })
      expect((await force()).json()).toMatchObject({ synced_from_remote: true, changed: false })
      await store.put(object, '- a list')
      await waitUntil('it was looked at', async () => (await status()).last_error !== null)
      expect((await force()).status).toBe(422)
      expect(await models()).toEqual(['second'])
      await store.put(object, configOf('third'))
      expect((await force()).status).toBe(200)
      expect(await models()).toEqual(['third'])
    },
  )

  it.skipIf(reason !== '')("is found by LiteLLM's variables as well", async () => {
    const { CONFIG_S3_BUCKET: _s3, CONFIG_GCS_BUCKET: _gcs, ...env } = envOf(store) as Record<string, string>
    const bucket = {
      LITELLM_CONFIG_BUCKET_NAME: store.bucket,
      LITELLM_CONFIG_BUCKET_OBJECT_KEY: object,
      LITELLM_CONFIG_BUCKET_TYPE: name,
    }
    const other = await startGateway({ config: {}, env: { ...env, ...bucket } })
    try {
      const { data } = (await call(other.url, '/v1/models', { key })).json()
      expect(data.map(({ id }: { id: string }) => id)).toEqual(['third'])
    } finally {
      await other.stop()
    }
  })
})
