export default { metadata: { name: 'evaluator', capabilities: ['EVALUATOR'] } }
