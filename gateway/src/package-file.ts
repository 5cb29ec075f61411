/**
 * A file or folder that is shipped beside the code: a worker thread's program, the migrations, the manifest. Stays
 * one level below the package's root, where the sources, what the compiler makes of them, and the bundle all are.
 */
export function packageFile(path: string): URL {
  return new URL(`../${path}`, import.meta.url)
}
