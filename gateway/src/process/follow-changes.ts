import { type FileWatch, watchFiles } from '../config/watch-files.ts'
import { onReloadSignal } from './reload-signal.ts'
import type { Startup } from './startup.ts'

/**
 * Reloads on SIGHUP, and on file changes where CONFIG_HOT_RELOAD asks for it. `reload` returns the files to watch
 * from then on.
 */
export function followChanges(startup: Startup, reload: () => readonly string[]): FileWatch | null {
  const watch: FileWatch | null = startup.config.server.watchFiles
    ? watchFiles(startup.files, () => watch?.follow(reload()))
    : null
  onReloadSignal(() => {
    const files = reload()
    watch?.follow(files)
  })
  return watch
}
