/** What Google documents for histories whose signatures are lost, such as those of another model. */
export const placeholderSignature = 'skip_thought_signature_validator'
