/** What a signal asks for; null until there is something to reload. */
let reload: (() => void) | null = null
let isWanted = false

/**
 * Takes SIGHUP from now on. Called before a start loads anything, because whoever changes the configuration does not know
 * how far a start has come, and a signal nobody takes ends the process.
 */
export function takeReloadSignals(): void {
  process.on('SIGHUP', () => {
    if (reload === null) isWanted = true
    else reload()
  })
}

/** What to do on a signal; done at once when one came during the start. */
export function onReloadSignal(action: () => void): void {
  reload = action
  if (isWanted) action()
}
