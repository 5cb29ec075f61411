import type { CheckName, Severity } from './finding.ts'
import type { PatternRule } from './pattern-rule.ts'

const rule =
  (check: CheckName, severity: Severity, message: string) =>
  (hints: readonly string[], pattern: RegExp, onlyDescription = false): PatternRule => ({
    check,
    severity,
    message,
    hints,
    pattern,
    onlyDescription,
  })

const injection = rule('prompt_injection', 'critical', 'The text tries to take over the model that reads it.')
const secrecy = rule('prompt_injection', 'critical', 'The text asks for secrecy towards the user.')
const refusal = rule('anti_refusal', 'critical', 'The text tries to keep the model from refusing.')
const trigger = rule(
  'trigger_abuse',
  'warning',
  'The description claims requests it has nothing to do with; say what the skill is for.',
)

/** What a text may not ask of the model that reads it. */
export const instructionRules: readonly PatternRule[] = [
  injection(
    ['ignore', 'disregard', 'forget', 'override'],
    /\b(?:ignore|disregard|forget|override)\s{1,3}(?:(?:all|any|every|the|your|my|these|those|of)\s{1,3}){0,3}(?:previous|prior|above|earlier|preceding|existing|system|original|other|safety)\s{1,3}(?:instructions?|prompts?|rules|messages?|guidelines|directives|context)/gi,
  ),
  injection(
    ['system prompt'],
    /\b(?:reveal|print|output|repeat|leak|replace|overwrite|send|dump)\s{1,3}(?:(?:me|us|your|the|full|entire|hidden|own)\s{1,3}){0,3}system prompt/gi,
  ),
  injection(
    ['you are now', 'from now on'],
    /\b(?:you are now|from now on,? you (?:are|act as|will act as))\s{1,3}(?:dan\b|in developer mode|jailbroken|unrestricted|an? (?:unrestricted|unfiltered|evil))/gi,
  ),
  injection(
    ['system>', '[inst]', '<|im_start|>'],
    /<\/?system>\s{0,4}\S|\[\/?INST\]|<\|im_start\|>\s{0,4}system/gi,
  ),
  secrecy(
    ['the user', 'the human', 'anyone'],
    /\b(?:do not|don't|never|without)\s{1,3}(?:ever\s{1,3})?(?:tell(?:ing)?|inform(?:ing)?|mention(?:ing)?(?: (?:this|it))? to|reveal(?:ing)?(?: (?:this|it))? to|notify(?:ing)?|alert(?:ing)?|show(?:ing)?(?: (?:this|it))? to)\s{1,3}(?:the user|the human|anyone)/gi,
  ),
  secrecy(
    ['from the user'],
    /\b(?:hide|conceal|keep)\s{1,3}(?:(?:this|it|these|all|everything|secret|hidden|actions?|steps?)\s{1,3}){1,4}from the user/gi,
  ),
  refusal(
    ['refuse'],
    /\b(?:never|do not|don't|must not|may not|cannot|can't)\s{1,3}(?:ever\s{1,3})?refuse\b(?!\s{1,3}to\s{1,3}(?:stop|correct|admit))/gi,
  ),
  refusal(
    ['restrictions', 'guidelines', 'filters', 'safety', 'guardrails', 'polic'],
    /\b(?:bypass|ignore|disable|circumvent|without)\s{1,3}(?:(?:all|any|your|the|of|its|model|ethical|moral|content|safety)\s{1,3}){0,4}(?:ethical guidelines|moral guidelines|ethical restrictions|content (?:filters?|polic(?:y|ies))|safety (?:filters?|guidelines|polic(?:y|ies)|restrictions|guardrails|training)|guardrails)/gi,
  ),
  refusal(
    ["can't", 'cannot', 'sorry', 'apolog', 'disclaimer'],
    /\b(?:never|do not|don't)\s{1,3}(?:say|respond with|answer with|reply with|include)\s{1,3}(?:that\s{1,3})?["']?(?:i'?m sorry|sorry|you can(?:'t|not)|i can(?:'t|not)|an apology|(?:safety|ethical) disclaimers?)/gi,
  ),
  trigger(
    ['use', 'apply', 'invoke', 'load', 'activate'],
    /\b(?:use|used|apply|applied|invoke|invoked|load|loaded|activate|activated)\b[^.\n]{0,40}\b(?:for|on|in|with|before|at)\s{1,3}(?:(?:absolutely|literally)\s{1,3})?(?:every|all|any|each)\s{1,3}(?:single\s{1,3})?(?:user\s{1,3})?(?:requests?|tasks?|messages?|prompts?|questions?|conversations?|responses?|turns?|quer(?:y|ies))\b(?!\s{1,3}(?:about|of|for|that|with|where|involving|related|regarding|on|in|to)\b)/gi,
    true,
  ),
  trigger(
    ['always'],
    /\balways\s{1,3}(?:use|load|invoke|prefer|choose|select|activate)\s{1,3}(?:this|it)\b(?:\s{1,3}skill)?(?:\s{1,3}first)?(?=\s{0,3}(?:[.,;!]|$|regardless|no matter|before|over|instead|even))/gi,
    true,
  ),
  trigger(
    ['regardless', 'no matter', 'whatever'],
    /\b(?:regardless of|no matter|whatever)\s{1,3}(?:what\s{1,3})?(?:the\s{1,3})?(?:user\s{1,3})?(?:requests?|asks?|tasks?|topic|question|the request)/gi,
    true,
  ),
  trigger(
    ['other skill'],
    /\b(?:instead of|before|over|rather than|override)\s{1,3}(?:any|all|every|the)?\s{0,3}other skills?/gi,
    true,
  ),
]
