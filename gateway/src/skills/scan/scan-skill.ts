import { ChainedText } from './chain.ts'
import { commandRules } from './command-rules.ts'
import { findDefensiveExamples } from './fenced-examples.ts'
import { type Finding, maskSecret, type Severity, showEvidence } from './finding.ts'
import { instructionRules } from './instruction-rules.ts'
import type { PatternRule } from './pattern-rule.ts'
import { reachRules } from './reach-rules.ts'
import { scanBinary } from './scan-binary.ts'
import {
  hasMixedScripts,
  scanBlobs,
  scanComments,
  scanInvisible,
  type TextFinding,
} from './scan-hidden-text.ts'
import { scanTools } from './scan-tools.ts'
import { secretRules } from './secret-rules.ts'

/** Raised with every change of a check: versions scanned by an older one are scanned again. */
export const scannerVersion = '2'

const maxFindingsPerRule = 10
/** Of one file: a scan must not hold up everybody else. */
const maxTextBytes = 1_048_576
export const rules = [...secretRules, ...instructionRules, ...commandRules, ...reachRules]

export interface ScannedSkill {
  readonly name: string
  readonly description: string
  /** The whole `SKILL.md`. */
  readonly skillMd: string
  readonly body: string
  readonly allowedTools: readonly string[]
  /** Beside `SKILL.md`. */
  readonly files: readonly { readonly path: string; readonly isText: boolean; readonly content: Uint8Array }[]
}

export type ScanStatus = 'clean' | 'flagged' | 'blocked'

/** Looks for what is dangerous in a skill: in its texts, its files and what it asks for. Linear in their size. */
export function scanSkill(skill: ScannedSkill): readonly Finding[] {
  const findings = [...scanText('SKILL.md', skill.skillMd), ...scanDescription(skill)]
  if (hasMixedScripts(skill.name)) {
    const message = 'The name mixes scripts and looks like another.'
    findings.push({ check: 'hidden_text', severity: 'critical', message, file: 'SKILL.md', line: 2 })
  }
  const toolsAt = Math.max(0, skill.skillMd.indexOf('allowed-tools'))
  findings.push(...scanTools(skill.allowedTools, skill.body, lineAt(skill.skillMd, toolsAt)))
  for (const { path, isText, content } of skill.files) {
    findings.push(...(isText ? scanTextFile(path, content) : scanBinary(path, content)))
  }
  return findings
}

/** What is behind the first part of a long file nobody has looked at, and that is said. */
function scanTextFile(path: string, content: Uint8Array): readonly Finding[] {
  const bytes = Buffer.from(content.buffer, content.byteOffset, Math.min(content.byteLength, maxTextBytes))
  const findings = scanText(path, bytes.toString('utf8'))
  if (content.byteLength <= maxTextBytes) return findings
  const message = 'Only the first MiB of the text was scanned; split the file.'
  return [...findings, { check: 'opaque_blob', severity: 'warning', message, file: path, line: 1 }]
}

/** The worst finding decides. */
export function statusOf(findings: readonly Finding[]): ScanStatus {
  if (findings.some(({ severity }) => severity === 'critical')) return 'blocked'
  return findings.some(({ severity }) => severity === 'warning') ? 'flagged' : 'clean'
}

function scanText(file: string, text: string): Finding[] {
  const lower = text.toLowerCase()
  const chained = new ChainedText(text)
  const found = [...scanInvisible(text), ...scanComments(text), ...scanBlobs(text)]
  for (const rule of rules)
    if (rule.onlyDescription !== true) found.push(...match(rule, text, lower, chained))
  return locate(file, text, found)
}

function scanDescription({ description, skillMd }: ScannedSkill): Finding[] {
  const lower = description.toLowerCase()
  const chained = new ChainedText(description)
  const found = rules.flatMap((rule) =>
    rule.onlyDescription === true ? match(rule, description, lower, chained) : [],
  )
  const at = skillMd.indexOf('description:')
  return found.map(({ offset: _, evidence, ...finding }) => ({
    ...finding,
    file: 'SKILL.md',
    line: lineAt(skillMd, Math.max(0, at)),
    evidence: showEvidence(evidence),
  }))
}

function match(rule: PatternRule, text: string, lower: string, chained: ChainedText): TextFinding[] {
  if (!rule.hints.some((hint) => lower.includes(hint))) return []
  const { check, severity, message } = rule
  const found: TextFinding[] = []
  const matches = rule.pattern instanceof RegExp ? text.matchAll(rule.pattern) : chained.match(rule.pattern)
  for (const { 0: matched, index } of matches) {
    if (rule.excuses?.(matched) === true) continue
    const evidence = rule.isSecret === true ? maskSecret(matched) : matched
    found.push({ check, severity, message, offset: index, evidence })
    if (found.length === maxFindingsPerRule) break
  }
  return found
}

/** What a text warns of is no attack, but worth a look. */
function locate(file: string, text: string, found: readonly TextFinding[]): Finding[] {
  if (found.length === 0) return []
  const examples = file.endsWith('.md') ? findDefensiveExamples(text) : []
  const lowered = ({ check, severity, offset }: TextFinding): Severity => {
    const isShown = examples.some(({ start, end }) => offset >= start && offset < end)
    return severity === 'critical' && isShown && check !== 'live_secret' ? 'warning' : severity
  }
  const lines = new LineNumbers(text)
  return found.map((finding) => {
    const { check, message, offset, evidence } = finding
    const severity = lowered(finding)
    return { check, severity, message, file, line: lines.at(offset), evidence: showEvidence(evidence) }
  })
}

/** Numbers of lines by offset, found once for all findings of a text. */
class LineNumbers {
  readonly #breaks: readonly number[]

  constructor(text: string) {
    const breaks: number[] = []
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) breaks.push(at)
    this.#breaks = breaks
  }

  /** From 1. */
  at(offset: number): number {
    let [low, high] = [0, this.#breaks.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.#breaks[middle] ?? 0) < offset) low = middle + 1
      else high = middle
    }
    return low + 1
  }
}

function lineAt(text: string, offset: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < offset; at = text.indexOf('\n', at + 1)) line += 1
  return line
}
