import type { McpServerSettings, ProgramLimits } from '../../config/config.ts'

/** What the machine lets the gateway do with programs. */
export interface ProgramHost {
  /** Null where there are no users. */
  readonly uid: number | null
  /** The program of util-linux that sets limits; null where it is not installed. */
  readonly prlimit: string | null
}

const mebibyte = 1_048_576

/**
 * How a program is started so that the kernel holds it to its limits, or why that cannot be done here, in words that go on
 * after the name of the server.
 */
export function confineProgram(
  {
    command,
    args,
    runsAs,
    limits,
  }: Pick<McpServerSettings, 'args' | 'runsAs' | 'limits'> & { command: string },
  { uid, prlimit }: ProgramHost,
): { readonly command: string; readonly args: readonly string[] } | { readonly problem: string } {
  if (runsAs !== null && uid !== 0 && runsAs.uid !== uid)
    return { problem: 'has run_as, and only a gateway that runs as root can start programs as somebody else' }
  const flags = formatLimits(limits)
  if (flags.length === 0) return { command, args }
  if (prlimit === null) return { problem: 'has limits, and prlimit of util-linux is not there to set them' }
  return { command: prlimit, args: [...flags, '--', command, ...args] }
}

/** Interpreters reserve far more addresses than they use, so memory is what they can write to. */
function formatLimits({ memoryMb, cpuSeconds, openFiles, processes, fileMb }: ProgramLimits): string[] {
  const limits = {
    data: memoryMb === null ? null : memoryMb * mebibyte,
    cpu: cpuSeconds,
    nofile: openFiles,
    nproc: processes,
    fsize: fileMb === null ? null : fileMb * mebibyte,
  }
  return Object.entries(limits).flatMap(([name, limit]) => (limit === null ? [] : [`--${name}=${limit}`]))
}
