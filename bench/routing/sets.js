import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { readMatrix } from '../../router/dist/measure.js'

export const setNames = [
  'zeroeval',
  'mmlupro',
  'routerbench_subset',
  'llmrouter_default',
  'routellm_mmlu',
  'routellm_gsm8k',
]

/** One set of the folder, contaminated rows dropped. */
export function readSet(folder, name) {
  const text = gunzipSync(readFileSync(`${folder}/${name}.jsonl.gz`)).toString('utf8')
  return readMatrix(text, JSON.parse(readFileSync(`${folder}/${name}.meta.json`, 'utf8')))
}
