export default { metadata: { name: 'waits', dependsOn: ['nobody'] } }
