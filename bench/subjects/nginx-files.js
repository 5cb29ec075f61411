import { pickPort } from '../measure/process.js'
import { formatConfig, startNginx } from './nginx.js'

/** Files of a folder, with the caching headers discovery sends. */
export const nginxFiles = {
  name: 'nginx-files',
  /** @param {string} root */
  async start(root) {
    const port = await pickPort()
    const location = `root ${root};
      add_header Cache-Control "public, max-age=300";
      add_header X-Content-Type-Options nosniff;`
    return startNginx({ name: 'nginx-files', port, config: formatConfig({ port, location }) })
  },
}
