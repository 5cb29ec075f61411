/** Would like to keep what the gateway knows. */
export default { metadata: { name: 'vault', capabilities: ['STORAGE_BACKEND'] } }
