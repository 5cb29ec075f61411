import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { SUBJECT_CORE } from '../measure/harness.js'
import { pickPort, startProcess, Unavailable, WORK_FOLDER, waitForPort } from '../measure/process.js'

function formatConfig(port, mockPort) {
  const asRoot = process.getuid() === 0 ? 'user root;' : ''
  return `${asRoot}
worker_processes 1;
worker_rlimit_nofile 16384;
daemon off;
pid nginx.pid;
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
  upstream mock {
    server 127.0.0.1:${mockPort};
    keepalive 2048;
    keepalive_requests 100000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`
}

/** A plain reverse proxy, one worker, keep-alive both ways, no JSON, no log: the floor. */
export const nginx = {
  name: 'nginx',
  async start({ mockPort }) {
    const version = spawnSync('nginx', ['-v'], { encoding: 'utf8' })
    if (version.error !== undefined)
      throw new Unavailable('nginx is not on PATH: apt-get install nginx-light')
    const port = await pickPort()
    mkdirSync(`${WORK_FOLDER}logs`, { recursive: true })
    writeFileSync(`${WORK_FOLDER}nginx.conf`, formatConfig(port, mockPort))
    const binary = execFileSync('which', ['nginx'], { encoding: 'utf8' }).trim()
    const started = startProcess({
      name: 'nginx',
      core: SUBJECT_CORE,
      command: binary,
      args: ['-p', WORK_FOLDER, '-c', 'nginx.conf'],
    })
    await waitForPort(started, port)
    return {
      ...started,
      port,
      headers: { authorization: 'Bearer sk-bench' },
      version: version.stderr.trim().split('/')[1],
    }
  },
}
