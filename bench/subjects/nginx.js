import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { SUBJECT_CORE } from '../measure/harness.js'
import { pickPort, startProcess, Unavailable, WORK_FOLDER, waitForPort } from '../measure/process.js'

/**
 * One worker, keep-alive, no log.
 * @param {{ port: number, upstreams?: string, location: string }} served blocks of nginx's configuration
 */
export function formatConfig({ port, upstreams = '', location }) {
  const asRoot = process.getuid() === 0 ? 'user root;' : ''
  return `${asRoot}
worker_processes 1;
worker_rlimit_nofile 16384;
daemon off;
pid nginx-${port}.pid;
error_log logs/nginx-error.log;
events { worker_connections 8192; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_max_body_size 10m;
  client_body_buffer_size 256k;
  client_body_temp_path nginx-body;
  proxy_temp_path nginx-proxy;
  fastcgi_temp_path nginx-fastcgi;
  uwsgi_temp_path nginx-uwsgi;
  scgi_temp_path nginx-scgi;
  sendfile on;
  tcp_nopush on;
  types { application/json json; text/markdown md; text/x-python py; }
  ${upstreams}
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      ${location}
    }
  }
}
`
}

const formatProxy = (port, mockPort) =>
  formatConfig({
    port,
    upstreams: `upstream mock {
    server 127.0.0.1:${mockPort};
    keepalive 2048;
    keepalive_requests 100000000;
  }`,
    location: `proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;`,
  })

/**
 * Starts nginx with this configuration.
 * @param {{ name: string, port: number, config: string }} options
 */
export async function startNginx({ name, port, config }) {
  const version = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
  if (version.error !== undefined) throw new Unavailable('nginx is not on PATH: apt-get install nginx-light')
  mkdirSync(`${WORK_FOLDER}logs`, { recursive: true })
  writeFileSync(`${WORK_FOLDER}${name}.conf`, config)
  const binary = execFileSync('which', ['nginx'], { encoding: 'utf8' }).trim()
  const args = ['-p', WORK_FOLDER, '-c', `${name}.conf`]
  const started = startProcess({ name, core: SUBJECT_CORE, command: binary, args })
  await waitForPort(started, port)
  return { ...started, port, version: version.stderr.trim().split('/')[1] }
}

/** A plain reverse proxy, one worker, keep-alive both ways, no JSON, no log: the floor. */
export const nginx = {
  name: 'nginx',
  async start({ mockPort }) {
    const port = await pickPort()
    const started = await startNginx({ name: 'nginx', port, config: formatProxy(port, mockPort) })
    return { ...started, headers: { authorization: 'Bearer sk-bench' } }
  },
}
