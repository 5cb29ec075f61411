import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { SUBJECT_CORE } from '../measure/harness.js'
import { pickPort, startProcess, Unavailable, WORK_FOLDER, waitForPort } from '../measure/process.js'

const PROGRAMS = new URL('../programs/', import.meta.url).pathname
const VENV = `${WORK_FOLDER}venv`
const INSTALLED = `${VENV}/requirements-installed.txt`

function run(command, args) {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 300_000 })
  if (error !== undefined) throw new Unavailable(`${command} could not be run: ${error.message}`)
  if (status !== 0) throw new Unavailable(`${command} ${args.join(' ')} failed: ${stderr.slice(-300)}`)
}

function install() {
  const wanted = readFileSync(`${PROGRAMS}fastapi-requirements.txt`, 'utf8')
  if (existsSync(INSTALLED) && readFileSync(INSTALLED, 'utf8') === wanted) return
  run('python3', ['-m', 'venv', VENV])
  run(`${VENV}/bin/pip`, ['install', '--quiet', '-r', `${PROGRAMS}fastapi-requirements.txt`])
  writeFileSync(INSTALLED, wanted)
}

/** A bare pass-through in Python: FastAPI on one uvicorn worker with uvloop and httptools, aiohttp to the upstream. */
export const fastapi = {
  name: 'fastapi',
  async start({ mockPort }) {
    install()
    const port = await pickPort()
    const flags =
      '--workers 1 --loop uvloop --http httptools --no-access-log --log-level warning --backlog 4096'
    const started = startProcess({
      name: 'fastapi',
      core: SUBJECT_CORE,
      command: `${VENV}/bin/python`,
      args: ['-m', 'uvicorn', 'fastapi_proxy:app', '--port', String(port), ...flags.split(' ')],
      cwd: PROGRAMS,
      env: { UPSTREAM: `http://127.0.0.1:${mockPort}`, PYTHONDONTWRITEBYTECODE: '1' },
    })
    await waitForPort(started, port)
    const version = /fastapi==(\S+)/.exec(readFileSync(INSTALLED, 'utf8'))[1]
    return { ...started, port, headers: { authorization: 'Bearer sk-bench' }, version }
  },
}
